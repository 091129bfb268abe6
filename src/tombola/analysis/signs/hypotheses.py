"""Hypotheses about pair sets, tested with the network as the unit (reference: signs 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tombola.analysis.holm import holm
from tombola.analysis.inference import benjamini_hochberg, cluster_bootstrap, effects, permute_labels
from tombola.analysis.inference.labels import DRAWS, SEED
from tombola.analysis.signs.distances import Distances
from tombola.analysis.signs.pair_sets import Block, PairSet, between, mean_of, together, within
from tombola.errors import TombolaError, nearest

ALPHA = 0.05
HOLDS, FAILS, UNDECIDED = "holds", "does not hold", "undecided"


@dataclass(frozen=True)
class Hypothesis:
    """The claim that the networks of one pair set are more alike than those of another.

    Attributes
    ----------
    name, claim
        A short name, and the claim in words.
    smaller, larger
        The pair sets; the claim is that the mean distance of the first is smaller.
    among
        Conditions whose networks are exchangeable if the claim is false: their labels are permuted.
    by_interval
        Whether the bootstrap interval decides, because exchangeable networks are not what the claim denies: without
        an interval above 0 no p-value makes it hold.
    """

    name: str
    claim: str
    smaller: PairSet
    larger: PairSet
    among: tuple[str, ...]
    by_interval: bool = False


def ticket_hypotheses(tickets: Sequence[str], random: str) -> list[Hypothesis]:
    """Return H1 to H4 for conditions of tickets, one per data set, and one of randomly pruned networks.

    With a single condition of tickets there is no H3 and no H4.
    """
    every = (*tickets, random)
    same = together("within_WTs", [within(condition) for condition in tickets])
    to_random = together("between_WTs_and_RSN", [between(random, condition) for condition in tickets])
    found = [
        Hypothesis("H1", "tickets are more alike than tickets and random networks", same, to_random, every),
        Hypothesis(
            "H2", "random networks are more alike than tickets and random networks", within(random), to_random, every
        ),
    ]
    if len(tickets) > 1:
        crossings = [between(a, b) for i, a in enumerate(tickets) for b in tickets[i + 1 :]]
        across = together("between_WT_datasets", crossings)
        h3 = "tickets of one data set are more alike than those of different ones"
        h4 = "tickets of different data sets are more alike than tickets and random networks"
        found.append(Hypothesis("H3", h3, same, across, tuple(tickets)))
        found.append(Hypothesis("H4", h4, across, to_random, every, by_interval=True))
    return found


def pairwise_hypotheses(conditions: Sequence[str]) -> list[Hypothesis]:
    """Return, for each two conditions, the claim that networks of the same one are more alike than of both."""
    found = []
    for i, a in enumerate(conditions):
        for b in conditions[i + 1 :]:
            own = together(f"{a} + {b}", [within(a), within(b)])
            claim = f"networks within {a} and within {b} are more alike than between them"
            found.append(Hypothesis(f"{a} / {b}", claim, own, between(a, b), (a, b)))
    return found


def hypothesis_table(
    found: Distances,
    hypotheses: Sequence[Hypothesis],
    *,
    alpha: float = ALPHA,
    family: Sequence[str] = ("measure",),
    strata: Sequence[int] | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
) -> pd.DataFrame:
    """Return every hypothesis tested in every cell, one row each.

    Columns: ``hypothesis, layer, variable, measure``; the mean distances of both pair sets; ``T``, their difference,
    with its bootstrap interval; effect sizes; ``p`` and ``log10_p`` by permutation of network labels, the ``labelings``
    it rests on and the ``smallest_p`` they could give; ``p_holm``, ``p_bh`` over the family; ``verdict`` and ``why``.

    Parameters
    ----------
    found
        What `distances` returns.
    hypotheses
        What is tested; hypotheses without a pair on either side are left out.
    alpha
        Level of tests; intervals have coverage 95 %.
    family
        Columns whose values set families of tests apart. By default the cells of one measure are a family: all its
        hypotheses, layers and variables; measures are several views of the same question. ``()`` makes one of all.
    strata, draws, seed
        As in `tombola.analysis.inference.labelings`; one stratum per network, in the order of `found.networks`.

    Raises
    ------
    TombolaError
        If a hypothesis names an unknown condition.
    """
    cells, rows = list(found.cells), []
    names = list(dict.fromkeys(found.conditions))
    numbers = {name: i for i, name in enumerate(names)}
    groups = np.array([numbers[condition] for condition in found.conditions])
    stacked = found.stacked()
    for hypothesis in hypotheses:
        blocks = [_numbered(each, numbers) for each in (hypothesis.smaller, hypothesis.larger)]
        if any(not len(each.pairs(found.conditions)[0]) for each in (hypothesis.smaller, hypothesis.larger)):
            continue
        among = [numbers[condition] for condition in hypothesis.among]
        test = permute_labels(stacked, groups, *blocks, among=among, strata=strata, draws=draws, seed=seed)
        low, high = cluster_bootstrap(stacked, groups, *blocks, seed=seed)
        sizes = effects(stacked, groups, *blocks)
        first, second = (each.pairs(found.conditions) for each in (hypothesis.smaller, hypothesis.larger))
        for i, (layer, variable, measure) in enumerate(cells):
            row: dict[str, Any] = {
                "hypothesis": hypothesis.name,
                "layer": layer,
                "variable": variable,
                "measure": measure,
            }
            row |= {"mean_smaller": mean_of(stacked[i][first]), "mean_larger": mean_of(stacked[i][second])}
            row |= {"T": test.statistic[i], "low": low[i], "high": high[i]}
            row |= {"standardised": sizes.standardised[i], "superiority": sizes.superiority[i], "p": test.p[i]}
            row |= {"log10_p": np.log10(test.p[i]), "labelings": test.labelings, "exact": test.exact}
            rows.append(row | {"smallest_p": test.smallest_p, "by_interval": hypothesis.by_interval})
    table = pd.DataFrame(rows)
    return _judged(table, alpha, list(family)) if rows else table


def _judged(table: pd.DataFrame, alpha: float, family: list[str]) -> pd.DataFrame:
    groups = table.groupby(family, sort=False) if family else [((), table)]
    for column, adjust in (("p_holm", holm), ("p_bh", benjamini_hochberg)):
        table[column] = np.nan
        for _, part in groups:
            table.loc[part.index, column] = adjust(part.p)
            table.loc[part.index, "family"] = int(part.p.notna().sum())
    verdicts = [_verdict(row, alpha) for row in table.itertuples()]
    return table.assign(verdict=[verdict for verdict, _ in verdicts], why=[why for _, why in verdicts])


def _verdict(row: Any, alpha: float) -> tuple[str, str]:
    if np.isnan(row.T) or np.isnan(row.low):
        return UNDECIDED, "there are too few defined distances"
    interval = f"T = {row.T:.3g}, 95 % interval {row.low:.3g} to {row.high:.3g}"
    if row.high < 0:
        other = 1 - row.p + row.smallest_p  # of a difference as large the other way round
        if other > alpha:  # an interval of a few networks is narrow because there is little to resample
            return UNDECIDED, f"the distances differ the other way round, by chance with p = {other:.3g} ({interval})"
        return FAILS, f"the distances differ the other way round ({interval})"
    if row.by_interval and row.low <= 0:
        return UNDECIDED, f"the interval includes 0 ({interval})"
    if row.p_holm <= alpha and row.low > 0:
        return HOLDS, f"p = {row.p:.3g}, {row.p_holm:.3g} after Holm ({interval})"
    if row.smallest_p * row.family > alpha:
        few = f"so few networks give no p below {row.smallest_p:.3g}, too much for {row.family:.0f} tests"
        return UNDECIDED, f"p = {row.p:.3g}; {few} ({interval})"
    if row.p <= alpha < row.p_holm:
        return UNDECIDED, f"p = {row.p:.3g} does not survive Holm's correction ({row.p_holm:.3g}; {interval})"
    return UNDECIDED, f"p = {row.p:.3g} ({interval})"


def _numbered(pair_set: PairSet, numbers: dict[str, int]) -> list[tuple[int, int]]:
    def number(condition: str) -> int:
        if condition not in numbers:
            raise TombolaError(f"pair set '{pair_set.name}' names condition '{condition}'{nearest(condition, numbers)}")
        return numbers[condition]

    blocks: Sequence[Block] = pair_set.blocks
    return [(number(a), number(b)) for a, b in blocks]
