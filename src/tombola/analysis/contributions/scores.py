"""The table of contribution scores: a row per hidden unit, network and method, neuron ids kept, dead units 0."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tombola.analysis.contributions.methods import methods
from tombola.analysis.contributions.scene import Images, Scene
from tombola.analysis.material import NetworkView
from tombola.analysis.signs.table import NETWORK_COLUMNS, VARIABLES, sign_table
from tombola.telling import Tell, silent, walked

DEFAULT_METHODS = ("outgoing-gradient", "gradient-activation", "ablation-loss")

UNIT = ["network_id", "condition", "stage", "layer", "neuron"]
"""What names a unit: one network can be looked at in several stages."""


def unit_scores(
    views: Sequence[NetworkView],
    images: Images,
    names: Sequence[str] = DEFAULT_METHODS,
    *,
    device: str = "cpu",
    tell: Tell = silent,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return how much every hidden unit contributes, over all images and by true class (reference: signs 7).

    A dead unit has score 0 by definition: without outgoing weights nothing reads it, and without incoming ones it
    passes the same on for every image. Entries that drop units without incoming weights give NaN.

    Parameters
    ----------
    views
        The networks, in the stage that is asked about.
    images
        What they are shown.
    names
        Registered methods.
    device
        Where to compute.
    tell
        Hears how many networks are done.

    Returns
    -------
    tuple of DataFrame
        Scores: the columns of the network, ``layer, kind, neuron, method``, ``score`` (mean over images), ``share`` (of
        the layer's sum; NaN for methods with signed scores), ``first_half, second_half`` (the same mean over images at
        even and odd places), the four variables of the sign distribution, ``dead`` and ``constant``.
        Classes: ``network_id, condition, stage, layer, neuron, method, true_class, score`` (mean over its images).
    """
    scores, classes = [], []
    for view in walked(views, "networks", tell):
        signs = sign_table([view])
        for (name, layer), sums in Scene(view, images, device).sums(names).items():
            rows = signs[signs.layer == layer]
            kept = _without_dead(sums, rows.dead.to_numpy(), drops=methods[name].drops_dead)
            scores.append(_score_rows(rows, name, kept, images))
            classes.append(_class_rows(rows, name, kept, images))
    return pd.concat(scores, ignore_index=True), pd.concat(classes, ignore_index=True)


def shares(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return scores as parts of their sum, NaN left out; all 0 where nothing contributes."""
    total = np.nansum(scores)
    return np.asarray(scores / total if total > 0 else np.where(np.isnan(scores), np.nan, 0.0))


def _without_dead(sums: NDArray[np.float64], dead: NDArray[np.object_], drops: bool) -> NDArray[np.float64]:
    kept = sums.copy()
    kept[..., dead != ""] = 0
    if drops:
        kept[..., np.isin(dead.astype(str), ("no incoming", "both"))] = np.nan
    return kept


def _score_rows(rows: pd.DataFrame, name: str, sums: NDArray[np.float64], images: Images) -> pd.DataFrame:
    halves = sums.sum(1)
    counts = _counts(images).sum(1)
    score = halves.sum(0) / counts.sum()
    table = rows[[*NETWORK_COLUMNS, "layer", "kind", "neuron"]].copy()
    table["method"], table["score"] = name, score
    table["share"] = np.nan if methods[name].signed else shares(score)
    for half in (0, 1):
        table[("first_half", "second_half")[half]] = halves[half] / max(counts[half], 1)
    return pd.concat([table, rows[[*VARIABLES, "dead", "constant"]]], axis=1)


def _class_rows(rows: pd.DataFrame, name: str, sums: NDArray[np.float64], images: Images) -> pd.DataFrame:
    counts = _counts(images).sum(0)
    table = rows[UNIT]
    parts = [
        table.assign(method=name, true_class=label, score=by_class / count)
        for label, (by_class, count) in enumerate(zip(sums.sum(0), counts, strict=True))
        if count
    ]
    return pd.concat(parts, ignore_index=True)


def _counts(images: Images) -> NDArray[np.int64]:
    """Return how many images there are, ``(half, class)``."""
    labels = np.concatenate([labels.numpy() for _, labels in images.batches])
    return np.stack([np.bincount(labels[half::2], minlength=images.classes) for half in (0, 1)])
