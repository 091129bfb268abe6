"""Structure as tidy tables: by network, by layer, by unit."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Bool
from numpy.typing import NDArray

from tombola.analysis.material import NetworkView
from tombola.analysis.structure.degrees import Degrees, degrees
from tombola.analysis.structure.expected import expected_score
from tombola.analysis.structure.kernel_supports import kernel_supports
from tombola.analysis.structure.path_counts import log_paths
from tombola.analysis.structure.spectrum import spectrum
from tombola.pruning.paths import Paths, find_paths

Keep = Bool[NDArray[np.bool_], "unit input ..."]


def network_table(views: Sequence[NetworkView]) -> pd.DataFrame:
    """Return one row per network: survivors, those on a path, and the number of paths.

    ``log10_paths`` is the logarithm of the number of paths from all pixels to all outputs, ``log10_paths_dense`` that
    of the same network unpruned; missing where the network has no layer graph, -inf without any path.
    """
    rows = []
    for view in views:
        paths = _paths(view)
        logs = [float("nan")] * 2
        if view.graph is not None:
            logs = [log_paths(view.graph, mask) / np.log(10) for mask in (view.mask, None)]
        rows.append(
            {
                "network": view.label,
                "condition": view.condition,
                "weights": view.mask.size,
                "kept": view.mask.count,
                "density": view.mask.density,
                "path_density": float("nan") if paths is None else paths.mask.density,
                "log10_paths": logs[0],
                "log10_paths_dense": logs[1],
            }
        )
    return pd.DataFrame(rows)


def layer_table(views: Sequence[NetworkView], units: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network and layer: densities, means of `unit_table` over its units, degrees, expansion.

    ``dispersion_in`` and ``dispersion_out`` compare the variance of degrees with chance (1). ``spectral_gap`` and
    ``ramanujan_gap`` are of the layer's bipartite graph. Means leave units out that have no value;
    ``weight_distance_sna2023`` and ``runs_sna2023`` count them as 0, as was published.
    """
    rows = []
    grouped = dict(iter(units.groupby(["network", "layer"], sort=False)))
    for view in views:
        paths = _paths(view)
        for layer in view.layers:
            part, keep = grouped[view.label, layer.name], view.keep(layer.name)
            found, graph = degrees(keep), spectrum(keep)
            row: dict[str, object] = {
                "network": view.label,
                "condition": view.condition,
                "layer": layer.name,
                "kind": layer.kind,
                "weights": keep.size,
                "kept": int(keep.sum()),
                "density": found.density,
                "path_density": float("nan") if paths is None else float(paths.mask[layer.name].float().mean()),
                "units": len(keep),
                "empty_units": int((found.entering == 0).sum()),
                "unread_inputs": int((found.leaving == 0).sum()),
            }
            means = ("mean_gap", "mean_gap_expected", "runs", "runs_expected", "mean_run", "mean_run_expected",
                     "largest_run", "positive", "run_positive", "run_size_sna2023", "run_positive_sna2023", "patches",
                     "largest_patch", "kernel_score", "kernel_score_corners")  # fmt: skip
            row |= {name: float(part[name].mean()) for name in means}
            row |= {name: float(part[name].fillna(0).mean()) for name in ("weight_distance_sna2023", "runs_sna2023")}
            row |= {f"{name}_expected": value for name, value in _chance(keep, found).items()}
            row |= dict(zip(("dispersion_in", "dispersion_out"), found.dispersion, strict=True))
            row |= {"spectral_gap": graph.gap, "ramanujan_gap": graph.ramanujan_gap}
            rows.append(row)
    return pd.DataFrame(rows)


def summary_table(layers: pd.DataFrame) -> pd.DataFrame:
    """Return the few columns of `layer_table` that are read first, means over the networks of each condition."""
    names = {
        "density": "density",
        "path_density": "on_path",
        "empty_units": "empty",
        "mean_gap": "gap",
        "mean_gap_expected": "gap_by_chance",
        "dispersion_in": "dispersion",
        "ramanujan_gap": "ramanujan",
        "kernel_score": "kernel",
    }
    by = layers.groupby(["condition", "layer"], sort=False)
    found = by[[*names]].mean().rename(columns=names)
    found.insert(0, "n", by.size())
    found = found.dropna(axis=1, how="all").reset_index()
    return found.assign(layer=found.layer.str.removesuffix(".weight"))


def degree_table(views: Sequence[NetworkView]) -> pd.DataFrame:
    """Return how many units have how many survivors, by network, layer and direction (``in``, ``out``)."""
    rows = []
    for view in views:
        for layer in view.layers:
            found = degrees(view.keep(layer.name))
            for direction, values, most in zip(("in", "out"), (found.entering, found.leaving), found.most, strict=True):
                for degree, count in zip(*np.unique(values, return_counts=True), strict=True):
                    rows.append((view.label, view.condition, layer.name, direction, int(degree), int(count), most))
    return pd.DataFrame(rows, columns=["network", "condition", "layer", "direction", "degree", "count", "most"])


def support_table(views: Sequence[NetworkView], *, most: int = 20) -> pd.DataFrame:
    """Return the commonest supports of kernels by network, with how many chance makes; empty without convolutions.

    Supports are read row by row: ``110/000/001``. Kernels of the size most kernels have; 1x1 kernels are left out.
    """
    rows = []
    for view in views:
        layers = [view.keep(layer.name) for layer in view.layers if len(layer.shape) == 4]
        layers = [keep for keep in layers if keep.shape[2] * keep.shape[3] > 1]
        if not layers:
            continue
        sizes = [keep.shape[2:] for keep in layers]
        size = max(dict.fromkeys(sizes), key=sizes.count)
        layers = [keep for keep in layers if keep.shape[2:] == size]
        kernels = sum(keep.shape[0] * keep.shape[1] for keep in layers)
        for rank, support in enumerate(kernel_supports(layers, most=most), start=1):
            rows.append(
                {
                    "network": view.label,
                    "condition": view.condition,
                    "rank": rank,
                    "support": support.bits,
                    "count": support.count,
                    "expected": support.expected,
                    "kernels": kernels,
                }
            )
    columns = ["network", "condition", "rank", "support", "count", "expected", "kernels"]
    return pd.DataFrame(rows, columns=columns)


def _chance(keep: Keep, found: Degrees) -> dict[str, float]:
    if keep.ndim != 4 or keep.shape[2] * keep.shape[3] == 1:
        return {"kernel_score": float("nan"), "kernel_score_corners": float("nan")}
    shape = (keep.shape[2], keep.shape[3])
    return {
        "kernel_score": expected_score(shape, found.density),
        "kernel_score_corners": expected_score(shape, found.density, "euclidean"),
    }


def _paths(view: NetworkView) -> Paths | None:
    return None if view.graph is None else find_paths(view.graph, view.mask)
