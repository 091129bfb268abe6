"""Similarity of features as tidy tables: all pairs of networks, layer by layer."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from jaxtyping import Int64
from numpy.typing import NDArray

from tombola.analysis.features.agreement import agreement
from tombola.analysis.features.cca import mean_cca, svcca
from tombola.analysis.features.cka import debiased_cka, linear_cka
from tombola.analysis.features.grouping import MEASURES, WHOLE
from tombola.analysis.features.moments import Moments, Observation
from tombola.analysis.features.partners import bipartite_matching, semi_matching
from tombola.analysis.material import NetworkView
from tombola.networks import PrunableLayer
from tombola.telling import Tell, silent, walked


def pair_features(
    views: Sequence[NetworkView],
    layers: Sequence[PrunableLayer],
    observation: Observation,
    unrelated: Observation | None = None,
    tell: Tell = silent,
) -> pd.DataFrame:
    """Return one row per pair of networks and layer, and one for the mean over layers (layer ``all``).

    Parameters
    ----------
    views, layers
        What was observed.
    observation
        The moments.
    unrelated
        Moments of the networks (first) and of the same networks for other images (second): what matching finds where
        nothing corresponds.
    tell
        Hears how many layers are done.

    Returns
    -------
    DataFrame
        ``net_a``, ``net_b``, ``condition_a``, ``condition_b``, ``shared_init``, ``layer``, ``units``, ``dead_a``,
        ``dead_b``, ``samples``, ``pairs`` (of living units), then correlations: ``unmatched`` (units in the order they
        have), ``semi`` and ``semi_back`` (each unit's best), ``matched`` (one-to-one, of living pairs),
        ``matched_dead_as_0`` (over the units of the smaller network), ``chance_…`` (for other images), and ``cka``,
        ``cka_debiased``, ``cca``, ``svcca``.
    """
    rows: list[dict[str, object]] = []
    for layer in walked(layers, "layers, matching", tell):
        moments = observation.moments(layer.name)
        other = None if unrelated is None else unrelated.moments(layer.name)
        for a, b in combinations(range(len(views)), 2):
            rows.append({**_names(views[a], views[b]), "layer": layer.name, **_pair(moments, other, a, b, len(views))})
    table = pd.DataFrame(rows)
    if table.empty:
        return table
    keys = ["net_a", "net_b", "condition_a", "condition_b", "shared_init"]
    whole = table.groupby(keys, sort=False, dropna=False, as_index=False).agg(
        {**dict.fromkeys(("units", "dead_a", "dead_b", "pairs"), "sum"), "samples": "max",
         **{name: "mean" for name in MEASURES if name in table}}
    )  # fmt: skip
    return pd.concat([table, whole.assign(layer=WHOLE)], ignore_index=True)[list(table)]


def pair_agreement(
    views: Sequence[NetworkView],
    classes: Int64[NDArray[np.int64], "network image"],
    labels: Int64[NDArray[np.int64], " image"],
) -> pd.DataFrame:
    """Return how the answers of each pair of networks agree: the fields of `Agreement` by pair."""
    rows = []
    for a, b in combinations(range(len(views)), 2):
        found = agreement(classes[a], classes[b], labels)
        rows.append(
            {
                **_names(views[a], views[b]),
                "images": found.images,
                "accuracy_a": found.accuracy[0],
                "accuracy_b": found.accuracy[1],
                "disagreement": found.disagreement,
                "expected_disagreement": found.expected,
                "shared_errors": found.shared_errors,
                "same_wrong": found.same_wrong,
                "error_kappa": found.error_kappa,
            }
        )
    return pd.DataFrame(rows)


def unit_features(
    views: Sequence[NetworkView], layers: Sequence[PrunableLayer], observation: Observation
) -> pd.DataFrame:
    """Return one row per unit: mean activation, whether it is dead, its best correlate within its network."""
    frames = []
    for layer in layers:
        moments = observation.moments(layer.name)
        for number, view in enumerate(views):
            alive = moments.alive(number)
            best = semi_matching(moments.correlation(number, number), ignore_diagonal=True)
            frames.append(
                pd.DataFrame(
                    {
                        "network": view.label,
                        "condition": view.condition,
                        "layer": layer.name,
                        "unit": np.arange(len(alive)),
                        "mean_activation": moments.means(number),
                        "dead": ~alive,
                        "closest_unit": best.unit,
                        "closest_correlation": best.value,
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)


def _pair(moments: Moments, other: Moments | None, a: int, b: int, networks: int) -> dict[str, object]:
    correlation = moments.correlation(a, b)
    matched = bipartite_matching(correlation)
    alive = moments.alive(a), moments.alive(b)
    both = alive[0] & alive[1] if len(alive[0]) == len(alive[1]) else np.zeros(0, bool)
    found: dict[str, object] = {
        "units": len(alive[0]),
        "dead_a": int((~alive[0]).sum()),
        "dead_b": int((~alive[1]).sum()),
        "samples": int(moments.count),
        "pairs": matched.paired,
        "unmatched": float(np.diagonal(correlation)[both].mean()) if both.any() else float("nan"),
        "semi": semi_matching(correlation).mean,
        "semi_back": semi_matching(correlation.T).mean,
        "matched": matched.mean,
        "matched_dead_as_0": float(np.nansum(matched.value) / max(min(correlation.shape), 1)),
    }
    if other is not None:
        chance = other.correlation(a, networks + b)
        found |= {"chance_matched": bipartite_matching(chance).mean, "chance_semi": semi_matching(chance).mean}
    return found | {
        "cka": linear_cka(moments, a, b),
        "cka_debiased": debiased_cka(moments, a, b),
        "cca": mean_cca(moments, a, b),
        "svcca": svcca(moments, a, b),
    }


def _names(one: NetworkView, two: NetworkView) -> dict[str, object]:
    digests = one.initial_digest, two.initial_digest
    return {
        "net_a": one.label,
        "net_b": two.label,
        "condition_a": one.condition,
        "condition_b": two.condition,
        "shared_init": None if None in digests else digests[0] == digests[1],
    }
