"""How alike two maps of an image are, each divided by its own largest absolute value."""

import numpy as np
import scipy  # scipy.stats takes a second to load, which happens where it is first used
from jaxtyping import Bool, Float
from scipy.ndimage import uniform_filter

from tombola.errors import TombolaError
from tombola.explain.normalising import degenerate_maps, normalise_maps
from tombola.explain.render.count import pixel_count

Maps = Float[np.ndarray, "n y x"]

WINDOW = 7
STABLE = (0.01**2, 0.03**2)
"""Constants of SSIM for values up to 1 (Wang et al. 2004)."""


def l1(a: Maps, b: Maps) -> Float[np.ndarray, " n"]:
    """Return the mean absolute difference of cells."""
    first, second = _scaled(a, b)
    return np.asarray(np.abs(first - second).mean(axis=(1, 2)))


def spearman(a: Maps, b: Maps) -> Float[np.ndarray, " n"]:
    """Return Spearman's rank correlation over cells, ties sharing ranks; NaN where a map is constant."""
    first, second = (np.round(each, 9).reshape(len(each), -1) for each in _scaled(a, b))
    x, y = (scipy.stats.rankdata(each, axis=1) - (each.shape[1] + 1) / 2 for each in (first, second))
    size = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    known = (size > 0) & ~degenerate_maps(a) & ~degenerate_maps(b)
    return np.asarray(np.divide((x * y).sum(axis=1), size, out=np.full(len(a), np.nan), where=known))


def ssim(a: Maps, b: Maps) -> Float[np.ndarray, " n"]:
    """Return structural similarity (Wang et al. 2004), the mean over all windows that lie within the map.

    Windows are uniform, 7x7, or as large as odd windows fit into smaller maps; variances divide by the number of cells;
    K = (0.01, 0.03) and values have range 1.
    """
    first, second = _scaled(a, b)
    side = min(WINDOW, *(size - 1 + size % 2 for size in first.shape[1:]))
    margin = side // 2
    height, width = first.shape[1:]

    def local(values: Maps) -> Maps:
        found = uniform_filter(values, (0, side, side), mode="nearest")
        return np.asarray(found[:, margin : height - margin, margin : width - margin])

    mean_a, mean_b = local(first), local(second)
    var_a, var_b = (
        np.maximum(local(each * each) - mean * mean, 0) for each, mean in ((first, mean_a), (second, mean_b))
    )
    both = local(first * second) - mean_a * mean_b
    light, contrast = STABLE
    top = (2 * mean_a * mean_b + light) * (2 * both + contrast)
    return np.asarray((top / ((mean_a**2 + mean_b**2 + light) * (var_a + var_b + contrast))).mean(axis=(1, 2)))


def top_iou(a: Maps, b: Maps, q: str = "0.1") -> Float[np.ndarray, " n"]:
    """Return intersection over union of the shares q of cells with the largest values, at least one cell each.

    Equal values stand in order of row and column; cells without positive values are not taken. Two maps that show
    nothing are alike (1).
    """
    first, second = (top_cells(each, q) for each in _scaled(a, b))
    union = (first | second).sum(axis=(1, 2))
    common = (first & second).sum(axis=(1, 2))
    return np.asarray(np.divide(common, union, out=np.ones(len(a)), where=union > 0))


def top_cells(maps: Maps, q: str = "0.1") -> Bool[np.ndarray, "n y x"]:
    """Return the share q of a map's cells with the largest positive values; none of a constant map."""
    flat = maps.reshape(len(maps), -1)
    count = max(1, pixel_count(q, flat.shape[1]))
    order = np.argsort(-flat, axis=1, kind="stable")[:, :count]
    found = np.zeros(flat.shape, dtype=bool)
    np.put_along_axis(found, order, True, axis=1)
    found &= (flat > 0) & ~degenerate_maps(maps)[:, None]
    return found.reshape(maps.shape)


def _scaled(a: Maps, b: Maps) -> tuple[Maps, Maps]:
    if a.shape != b.shape:
        raise TombolaError(
            f"maps of shapes {list(a.shape)} and {list(b.shape)} cannot be compared cell by cell; explain the same "
            "layer of networks of one architecture"
        )
    return normalise_maps(a.astype(np.float64), "max"), normalise_maps(b.astype(np.float64), "max")
