"""One row per unit: how its survivors lie."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tombola.analysis.material import NetworkView
from tombola.analysis.structure.components import plane_components
from tombola.analysis.structure.expected import expected_gaps, expected_run_sizes, expected_runs
from tombola.analysis.structure.feature_maps import seen_shape
from tombola.analysis.structure.kernel_graphs import filter_scores, kernel_scores
from tombola.analysis.structure.positions import mean_gaps, rows_of, weight_distances_sna2023
from tombola.analysis.structure.runs import find_runs, find_runs_sna2023
from tombola.networks import PrunableLayer


def unit_table(views: Sequence[NetworkView]) -> pd.DataFrame:
    """Return one row per unit: survivors, their distances and runs, and, where they apply, patches and kernel scores.

    ``…_sna2023`` columns are as published. ``…_expected`` is what as many survivors
    at random places would have.
    ``positive`` is the share of positive survivors, ``run_positive`` the mean over runs of theirs.
    """
    return pd.concat(
        [_units(view, layer, number) for view in views for number, layer in enumerate(view.layers)], ignore_index=True
    )


def _units(view: NetworkView, layer: PrunableLayer, number: int) -> pd.DataFrame:
    keep, weights = view.keep(layer.name), view.weights(layer.name)
    rows, values = rows_of(keep), weights.reshape(len(weights), -1)
    runs, published = find_runs(rows, values), find_runs_sna2023(rows, values)
    kept = rows.sum(1)
    count = runs.count
    nothing = np.full(len(rows), np.nan)
    found = pd.DataFrame(
        {
            "network": view.label,
            "condition": view.condition,
            "layer": layer.name,
            "unit": np.arange(len(rows)),
            "kept": kept,
            "mean_gap": mean_gaps(rows),
            "mean_gap_expected": expected_gaps(kept, rows.shape[1]),
            "weight_distance_sna2023": weight_distances_sna2023(rows),
            "runs": count,
            "runs_expected": expected_runs(kept, rows.shape[1]),
            "mean_run": _over(kept, count),
            "mean_run_expected": expected_run_sizes(kept, rows.shape[1]),
            "largest_run": runs.largest,
            "positive": _over((rows & (values > 0)).sum(1), kept),
            "run_positive": _over(np.bincount(runs.unit, runs.positive, len(rows)), count),
            "runs_sna2023": published.count,
            "run_size_sna2023": published.size,
            "run_positive_sna2023": _over(
                np.bincount(published.unit, published.positive, len(rows)),
                np.bincount(published.unit, minlength=len(rows)),
            ),
            "patches": nothing,
            "largest_patch": nothing,
            "kernel_score": nothing,
            "kernel_score_corners": nothing,
        }
    )
    shape = seen_shape(view) if number == 0 else None
    if shape is not None:
        patches = plane_components(keep, shape)
        found["patches"], found["largest_patch"] = patches.count, patches.largest
    if keep.ndim == 4 and keep.shape[2] * keep.shape[3] > 1:
        found["kernel_score"] = filter_scores(kernel_scores(keep))
        found["kernel_score_corners"] = filter_scores(kernel_scores(keep, "euclidean"))
    return found


def _over(total: NDArray[np.number], count: NDArray[np.number]) -> NDArray[np.float64]:
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
