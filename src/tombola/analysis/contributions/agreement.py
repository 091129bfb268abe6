"""How far methods rank the units of a layer alike, and as their ablation does."""

from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from tombola.analysis.contributions.summary import spearman
from tombola.analysis.intervals import mean_interval

TRUTH: Final = "ablation-loss"


def agreement(scores: pd.DataFrame, truth: str = TRUTH) -> pd.DataFrame:
    """Return the rank agreement of each method with the truth, in every layer of every network.

    Columns: ``network_id, condition, replicate, stage, level, layer, method, against, correlation, units``: Spearman's
    over living units. Without the truth among the methods the table is empty.

    Parameters
    ----------
    scores
        From `unit_scores`.
    truth
        The method that others are held against.
    """
    alive = scores[scores.dead == ""]
    wide = alive.pivot_table(
        index=["network_id", "condition", "replicate", "stage", "level", "layer", "neuron"],
        columns="method",
        values="score",
        sort=False,
    ).reset_index()
    names = ["network_id", "condition", "replicate", "stage", "level", "layer"]
    columns = [*names, "method", "against", "correlation", "units"]
    if truth not in wide:
        return pd.DataFrame(columns=columns)
    rows = []
    for key, part in wide.groupby(names, sort=False):
        for method in dict.fromkeys(alive.method):
            if method != truth:
                both = part[[truth, method]].dropna().to_numpy(np.float64)
                rows.append((*key, method, truth, float(spearman(both)[0]), len(both)))
    return pd.DataFrame(rows, columns=columns)


def agreement_summary(found: pd.DataFrame) -> pd.DataFrame:
    """Return the mean agreement over networks with its 95 % interval, per condition, stage, level, layer and method."""
    rows = []
    names = ["condition", "stage", "level", "layer", "method", "against"]
    for key, part in found.groupby(names, sort=False):
        spread = mean_interval(part.groupby("replicate").correlation.mean().to_numpy(np.float64))
        rows.append((*key, spread.n, spread.mean, spread.low, spread.high))
    return pd.DataFrame(rows, columns=[*names, "networks", "correlation", "low", "high"])


def stage_agreement(scores: pd.DataFrame) -> pd.DataFrame:
    """Return how far rankings of one network's units agree between stages of it, where there are several.

    Columns: ``network_id, replicate, level, layer, method, stages, correlation, units``. Units of different replicates
    are not comparable one by one: their order is arbitrary.
    """
    rows = []
    names = ["network_id", "replicate", "level", "layer", "method"]
    for key, part in scores[scores.dead == ""].groupby(names, sort=False):
        stages = list(dict.fromkeys(part.stage))
        for first, second in pairwise(stages):
            one, two = (part[part.stage == stage][["neuron", "score"]] for stage in (first, second))
            both = one.merge(two, on="neuron")[["score_x", "score_y"]].dropna().to_numpy(np.float64)
            rows.append((*key, f"{first} - {second}", float(spearman(both)[0]), len(both)))
    return pd.DataFrame(rows, columns=[*names, "stages", "correlation", "units"])
