"""What units of the first layer respond to most: patches of images above the weights that see them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from tombola.analysis.features.responses import Pipeline, Responses, strongest_responses
from tombola.analysis.material import NetworkView
from tombola.plots.analyses.registry import Result
from tombola.plots.style import say
from tombola.plots.weight_colours import weight_colours, weight_norm

UNITS = 12
NETWORKS = 4


def gathered(
    views: Sequence[NetworkView], images: Float[Tensor, "image c h w"], pipeline: Pipeline = "network"
) -> dict[str, tuple[NetworkView, Responses]]:
    """Return the responses of the first network of each condition that has them."""
    found: dict[str, tuple[NetworkView, Responses]] = {}
    for view in views:
        if view.condition not in found and len(found) < NETWORKS:
            responses = strongest_responses(view, images, pipeline)
            if responses is not None:
                found[view.condition] = (view, responses)
    return found


def response_table(found: dict[str, tuple[NetworkView, Responses]], labels: NDArray[np.int64]) -> pd.DataFrame:
    """Return one row per unit: its strongest response, to which image (of which class), and where."""
    rows = [
        {
            "network": view.label,
            "condition": condition,
            "layer": each.layer,
            "unit": unit,
            "response": each.value[unit],
            "image": int(each.image[unit]),
            "class": int(labels[each.image[unit]]),
            "top": int(each.top[unit]),
            "left": int(each.left[unit]),
        }
        for condition, (view, each) in found.items()
        for unit in range(len(each.value))
    ]
    columns = ["network", "condition", "layer", "unit", "response", "image", "class", "top", "left"]
    return pd.DataFrame(rows, columns=columns)


def responses(result: Result) -> Figure | None:
    """Patches of images that first-layer units respond to most, above their weights; a pair of rows per condition."""
    found: dict[str, tuple[NetworkView, Responses]] = result.more.get("responses", {})
    if not found:
        return None
    figure = Figure(figsize=(0.6 + 0.85 * UNITS, 2.35 * len(found)), layout="constrained")
    parts = figure.subfigures(len(found), 1, squeeze=False).ravel()
    for part, (condition, (view, each)) in zip(parts, found.items(), strict=True):
        _network(part, condition, view, each)
    return figure


def _network(part: Any, condition: str, view: NetworkView, each: Responses) -> None:
    order = np.argsort(-np.nan_to_num(each.value, nan=-np.inf), kind="stable")
    order = order[~np.isnan(each.value[order])]
    shown = order[np.unique(np.linspace(0, len(order) - 1, UNITS).round().astype(int))] if len(order) else order
    many = f" ({len(shown)} of {len(order)} units that respond, strongest first)"
    part.suptitle(f"{condition}: {each.layer.removesuffix('.weight')}{many}", x=0.01, ha="left", fontsize="small")
    grid = part.subplots(2, UNITS, squeeze=False)
    for axes in grid.ravel():
        axes.axis("off")
    if not len(shown):
        say(grid[0, UNITS // 2], "no unit of this layer responds to anything", 20)
        return
    weights = np.where(view.keep(each.layer), view.weights(each.layer).astype(np.float64), np.nan)
    norm = weight_norm(weights)
    low, high = float(np.nanmin(each.patches)), float(np.nanmax(each.patches))
    for column, unit in enumerate(shown):
        _picture(grid[0, column], (each.patches[unit] - low) / ((high - low) or 1))
        grid[0, column].set_title(f"{unit}: {each.value[unit]:.3g}", fontsize=7)
        shape = each.patches.shape[1:] if weights.ndim == 2 else weights.shape[1:]
        own = weights[unit].reshape(shape)
        # one channel at a time would be three pictures; the mean over those that are kept is one
        with np.errstate(invalid="ignore"):
            mean = np.nansum(own, 0) / np.maximum((~np.isnan(own)).sum(0), 1)
        mean[np.isnan(own).all(0)] = np.nan
        grid[1, column].imshow(weight_colours(mean, norm), interpolation="nearest")


def _picture(axes: Axes, patch: Float[np.ndarray, "channel height width"]) -> None:
    colours = patch.transpose(1, 2, 0)
    colours = np.repeat(colours, 3, 2) if colours.shape[2] == 1 else colours[:, :, :3]
    outside = np.isnan(colours).any(2)
    shown = np.where(outside[:, :, None], np.array([0.89, 0.91, 0.92]), np.clip(np.nan_to_num(colours), 0, 1))
    axes.imshow(shown, interpolation="nearest")
