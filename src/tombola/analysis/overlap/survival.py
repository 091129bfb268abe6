"""Which weights live on: survivors of a level among those of later levels, in the same network."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from tombola.analysis.material import NetworkView
from tombola.analysis.overlap.chance import common_variance, z_score


def survival_table(views: Sequence[NetworkView]) -> pd.DataFrame:
    """Return how many weights of each level live on in each later one, per layer and over all (``layer == "all"``).

    Columns: ``run, replicate, control, condition, level_from, level_to, layer, kept_from, kept_to, survived``, their
    share ``survival``, what masks that know nothing of each other would give (``by_chance``, the density of the later
    level) with its ``z``, ``came_back`` (kept later and not before: 0 under pruning without growth), and ``survival``
    of positive and of negative weights, by their sign in the earlier network.

    Parameters
    ----------
    views
        Networks of runs; those of one replicate and control are followed over levels. Empty where there is one level.
    """
    chains: dict[tuple[str, int, str, int, str], list[NetworkView]] = {}
    for view in views:
        chains.setdefault((view.run, view.replicate, view.control, view.repetition, view.stage), []).append(view)
    rows = []
    for (run, replicate, control, *_), chain in chains.items():
        for early, late in combinations(sorted(chain, key=lambda view: view.level), 2):
            if early.level == late.level:
                continue
            names: dict[str, object] = {"run": run, "replicate": replicate, "control": control}
            names |= {"condition": late.condition, "level_from": early.level, "level_to": late.level}
            counts = {layer.name: _counts(early, late, layer.name) for layer in late.layers}
            counts["all"] = np.sum(list(counts.values()), 0)
            rows += [names | {"layer": layer} | _row(found) for layer, found in counts.items()]
    return pd.DataFrame(rows)


def _counts(early: NetworkView, late: NetworkView, layer: str) -> np.ndarray:
    """Return (size, kept early, kept late, kept in both, positive early, of these late, negative early, of these)."""
    before, after, weights = early.keep(layer), late.keep(layer), early.weights(layer)
    positive, negative = weights > 0, weights < 0
    sets = (before, after, before & after, positive, positive & after, negative, negative & after)
    return np.array([before.size, *(int(found.sum()) for found in sets)])


def _row(found: np.ndarray) -> dict[str, float]:
    size, before, after, both, positive, positive_after, negative, negative_after = (int(count) for count in found)
    expected = before * after / size if size else np.nan
    return {
        "kept_from": before,
        "kept_to": after,
        "survived": both,
        "survival": both / before if before else np.nan,
        "by_chance": after / size if size else np.nan,
        "z": float(z_score(both, expected, common_variance(size, before, after))),
        "came_back": after - both,
        "survival_positive": positive_after / positive if positive else np.nan,
        "survival_negative": negative_after / negative if negative else np.nan,
    }
