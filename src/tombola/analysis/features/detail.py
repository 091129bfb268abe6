"""A closer look at some pairs of networks: who corresponds to whom, predictors, information, groups."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from tombola.analysis.features.information import BINS, mutual_information
from tombola.analysis.features.many import spectral_groups
from tombola.analysis.features.moments import Observation
from tombola.analysis.features.partners import NOBODY, bipartite_matching, cycles, semi_matching
from tombola.analysis.features.prediction import MOST, sparse_prediction
from tombola.analysis.features.stream import Activations
from tombola.analysis.material import NetworkView
from tombola.telling import Tell, silent, walked

Pair = tuple[int, int]


def shown_pairs(views: Sequence[NetworkView]) -> list[Pair]:
    """Return the first pair of every condition with itself, then of every two conditions."""
    members: dict[str, list[int]] = {}
    for number, view in enumerate(views):
        members.setdefault(view.condition, []).append(number)
    within = [(numbers[0], numbers[1]) for numbers in members.values() if len(numbers) > 1]
    firsts = [numbers[0] for numbers in members.values()]
    return within + [(one, two) for place, one in enumerate(firsts) for two in firsts[place + 1 :]]


def matching_table(activations: Activations, observation: Observation, pairs: Sequence[Pair]) -> pd.DataFrame:
    """Return the partners of every unit: best and one-to-one, and the cycle of the permutation it belongs to."""
    frames = []
    for layer in activations.layers:
        moments = observation.moments(layer.name)
        for a, b in pairs:
            correlation = moments.correlation(a, b)
            semi, matched = semi_matching(correlation), bipartite_matching(correlation)
            cycle = np.full(len(correlation), NOBODY)
            for number, units in enumerate(cycles(matched.unit)):
                cycle[units] = number
            frame = _named(activations, (a, b), layer.name).iloc[[0] * len(correlation)].reset_index(drop=True)
            frames.append(
                frame.assign(
                    unit=np.arange(len(correlation)),
                    best=semi.unit,
                    best_correlation=semi.value,
                    matched=matched.unit,
                    matched_correlation=matched.value,
                    cycle=cycle,
                )
            )
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def prediction_table(
    activations: Activations,
    observation: Observation,
    pairs: Sequence[Pair],
    *,
    most: int = MOST,
    tell: Tell = silent,
) -> pd.DataFrame:
    """Return how much of the second network's units few units of the first explain, means over living units."""
    frames = []
    for layer, (a, b) in walked([*product(activations.layers, pairs)], "pairs and layers, predictors", tell):
        fit, judge = observation.even[layer.name], observation.odd[layer.name]
        limit = min(most, fit.sizes[a])
        found = sparse_prediction(fit, judge, a, b, most=limit)
        known = ~np.isnan(found.fitted).all(1)
        frame = _named(activations, (a, b), layer.name).iloc[[0] * limit].reset_index(drop=True)
        means = [
            each[known].mean(0) if known.any() else np.full(limit, np.nan) for each in (found.fitted, found.held_out)
        ]
        middle = np.median(found.held_out[known], 0) if known.any() else np.full(limit, np.nan)
        frames.append(
            frame.assign(
                predictors=np.arange(1, limit + 1),
                units=int(known.sum()),
                fitted=means[0],
                held_out=means[1],
                held_out_median=middle,
            )
        )
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def information_table(activations: Activations, pairs: Sequence[Pair], *, bins: int = BINS) -> pd.DataFrame:
    """Return the mean mutual information of units matched by it, in nats, with its bias, per pair and layer."""
    frames = []
    for layer in activations.layers:
        for a, b in pairs:
            found = mutual_information(activations, layer.name, a, b, bins=bins)
            matched = bipartite_matching(found.nats)
            rows = np.flatnonzero(matched.unit != NOBODY)
            corrected = found.corrected[rows, matched.unit[rows]]
            frames.append(
                _named(activations, (a, b), layer.name).assign(
                    bins=bins,
                    samples=found.samples,
                    pairs=matched.paired,
                    best=semi_matching(found.nats).mean,
                    matched=matched.mean,
                    bias=found.bias,
                    matched_corrected=float(corrected.mean()) if len(rows) else float("nan"),
                )
            )
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def group_table(
    activations: Activations, observation: Observation, pairs: Sequence[Pair], *, count: int, seed: int = 0
) -> pd.DataFrame:
    """Return the sizes of groups of units that move together, per pair and layer; layers with too few units lack."""
    frames = []
    for layer in activations.layers:
        moments = observation.moments(layer.name)
        for a, b in pairs:
            if sum(int(moments.alive(network).sum()) for network in (a, b)) <= count:
                continue
            sizes = spectral_groups(moments, a, b, count=count, seed=seed).sizes()
            frame = _named(activations, (a, b), layer.name).iloc[[0] * count].reset_index(drop=True)
            frames.append(frame.assign(group=np.arange(count), units_a=sizes[:, 0], units_b=sizes[:, 1]))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _named(activations: Activations, pair: Pair, layer: str) -> pd.DataFrame:
    one, two = (activations.views[number] for number in pair)
    return pd.DataFrame([{"net_a": one.label, "net_b": two.label, "layer": layer}])
