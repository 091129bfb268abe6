"""The whole analysis of signs of some networks, as tables with what a reader must know about them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tombola.analysis.inference import stratum_of
from tombola.analysis.material import NetworkView, chain_note
from tombola.analysis.signs.designs import Design, design_of, read_design
from tombola.analysis.signs.distances import Distances, distances
from tombola.analysis.signs.flips import sign_flips
from tombola.analysis.signs.floors import SPLITS
from tombola.analysis.signs.hypotheses import ALPHA, FAILS, HOLDS, UNDECIDED, Hypothesis, hypothesis_table
from tombola.analysis.signs.measures.registry import BINS, CORRECTED
from tombola.analysis.signs.noise import noise_table
from tombola.analysis.signs.pair_sets import pair_summary, pair_table
from tombola.analysis.signs.summary import edge_pooled, pooled
from tombola.analysis.signs.table import sign_table
from tombola.analysis.signs.trajectory import trajectory
from tombola.analysis.signs.wiring import FlattenOrder
from tombola.analysis.wording import count, listing
from tombola.errors import TombolaError, nearest
from tombola.store.folder import TICKET
from tombola.telling import Tell, silent

VERDICT = ("hypothesis", "layer", "variable", "T", "low", "high", "p", "p_holm", "verdict")
MEASURES = (*CORRECTED, "mmd", "sliced-w1")
STRATA = ("", "replicate", "run")


@dataclass(frozen=True)
class Signs:
    """What an analysis of signs came to.

    Attributes
    ----------
    tables
        Name -> table: ``networks`` (per network and layer), ``pooled``, ``neurons`` (every unit); with several
        networks ``pair_summary``, ``pairs``, ``hypotheses`` and ``verdicts`` (the same in short, by the first
        measure); ``trajectory`` with several levels; ``flips`` of trained tickets.
    notes
        Sentences a reader needs.
    distances, design
        What pairs and hypotheses were made from; None for a single network.
    """

    tables: dict[str, pd.DataFrame]
    notes: list[str]
    distances: Distances | None = field(default=None, repr=False)
    design: Design | None = None


def look_at_signs(
    views: Sequence[NetworkView],
    *,
    measures: Sequence[str] = MEASURES,
    layers: Sequence[str] = (),
    bins: int = BINS,
    splits: int = SPLITS,
    random: str = "",
    tickets: Sequence[str] = (),
    design: Path | None = None,
    flatten: FlattenOrder = "channels-first",
    strata: str = "",
    tell: Tell = silent,
) -> Signs:
    """Return the sign distributions of networks and everything that is known about them.

    Parameters
    ----------
    views
        The networks, all in one stage.
    measures, layers, bins, splits
        As in `distances`; no layers: all.
    random, tickets, design
        What is compared, as in `design_of` and `read_design`.
    flatten
        As in `readers`.
    strata
        ``replicate`` or ``run``: labels are permuted among networks of one replicate (of a run, or of several with
        equal numbers), or of one run, only. Empty: among all.
    tell
        Hears how many layers are done.

    Raises
    ------
    TombolaError
        If a measure, layer, condition or kind of strata does not exist.
    """
    if strata not in STRATA:
        raise TombolaError(f"strata = '{strata}'{nearest(strata, STRATA[1:])}")
    table = sign_table(views, flatten)
    tables = {"networks": edge_pooled(table), "pooled": pooled(table), "neurons": table}
    conditions = list(dict.fromkeys(view.condition for view in views))
    plan = read_design(design, conditions) if design is not None else design_of(conditions, random, tickets)
    notes = [_about(views, table), *chain_note(views)]
    found = None
    if len(views) > 1:
        found = distances(table, measures, layers=layers or None, bins=bins, splits=splits, tell=tell)
        tables["pair_summary"] = pair_summary(found, plan.sets)
        tables["pairs"] = pair_table(found, [each for each in plan.sets if len(each.blocks) == 1])
        notes.append(_measures_note(measures, bins, splits))
        notes += [f"Labels are permuted within strata only: networks of one {strata}."] if strata else []
        tables["noise"] = noise_table(found)
        tests = hypothesis_table(found, plan.hypotheses, strata=_strata(views, found, strata))
        if len(tests):
            tables["hypotheses"] = tests
            tables["verdicts"] = tests[tests.measure == measures[0]][list(VERDICT)].reset_index(drop=True)
            notes += verdict_sentences(tests, plan.hypotheses, measures[0])
        notes += _shared(views)
    if len({view.level for view in views}) > 1:
        tables["trajectory"] = trajectory(table)
    trained = [view for view in views if view.stage != "initial" and view.control == TICKET and view.begin is not None]
    if trained:
        tables["flips"] = sign_flips([_initial(view) for view in trained], trained)
        notes.append("flips: signs of surviving weights after training, against the initial weights of the replicate.")
    return Signs(tables, notes, found, plan)


def verdict_sentences(tests: pd.DataFrame, hypotheses: Sequence[Hypothesis], measure: str) -> list[str]:
    """Return, for each hypothesis, where it holds, where not, and where nothing can be said, by one measure."""
    sentences = []
    for hypothesis in hypotheses:
        mine = tests[(tests.hypothesis == hypothesis.name) & (tests.measure == measure)]
        if mine.empty:
            continue
        parts = []
        for verdict in (HOLDS, FAILS, UNDECIDED):
            part = mine[mine.verdict == verdict]
            cells = [f"{row.variable} of {row.layer}" for row in part.itertuples()]
            if len(cells) == len(mine):
                parts.append(f"{verdict} for all {len(cells)} cells")
            elif verdict == UNDECIDED and cells:
                parts.append(f"{verdict} for the other {len(cells)}")
            elif cells:
                parts.append(f"{verdict} for {listing(cells)}")
        text = f"{hypothesis.name} ({hypothesis.claim}; by {measure}): {'; '.join(parts)}."
        smallest, family = float(mine.smallest_p.min()), int(mine.family.max())
        if smallest * family > ALPHA:
            text += f" So few networks give no p below {smallest:.2g}, too much for {family} tests to be decided."
        sentences.append(text)
    return sentences


def _about(views: Sequence[NetworkView], table: pd.DataFrame) -> str:
    stages = listing(sorted({view.stage for view in views}))
    dead = int((table.dead != "").sum())
    layers = ", ".join(name.removesuffix(".weight") for name in dict.fromkeys(table.layer))
    return (
        f"Signs of the {stages} weights that the effective mask keeps, of {count(len(views), 'network')} and "
        f"{count(table.layer.nunique(), 'layer')} ({layers}). {dead:,} of {count(len(table), 'unit')} have no kept "
        "weight on one side; they are counted, and left out of every distribution."
    )


def _measures_note(measures: Sequence[str], bins: int, splits: int) -> str:
    published = [name for name in measures if name.endswith("-signs2024")]
    floors = f"Floors are from {splits} random splits of the two networks' pooled units." if splits else "No floors."
    text = f"Distances by {listing(list(measures))}; histograms have {bins} equal bins of [0, 1]. {floors}"
    return text + (f" {listing(published)}: as published in 2024, faults included." if published else "")


def _shared(views: Sequence[NetworkView]) -> list[str]:
    """Say so where conditions share initial weights: labels are not exchangeable one by one then."""
    origins: dict[tuple[str, int], set[str]] = {}
    for view in views:
        if view.run:
            origins.setdefault((view.run, view.replicate), set()).add(view.condition)
    if not any(len(conditions) > 1 for conditions in origins.values()):
        return []
    return [
        "Networks of different conditions come from the same replicates of a run; they are not independent, and "
        "p-values by permutation of labels are approximate."
    ]


def _strata(views: Sequence[NetworkView], found: Distances, kind: str) -> list[int] | None:
    if not kind:
        return None
    keys = {view.label: (view.replicate if kind == "replicate" else view.run) for view in views}
    numbers: NDArray[np.intp] = stratum_of([keys[label] for label in found.networks])
    return [int(number) for number in numbers]


def _initial(view: NetworkView) -> NetworkView:
    begin = view.begin
    return view if begin is None else replace(view, read=begin, stage="initial")
