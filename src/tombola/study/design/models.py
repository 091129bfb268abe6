"""The compared models: networks of a run by level or compression rate, and what they say of images."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import nn

from tombola.errors import TombolaError
from tombola.explain import ExplainedNetwork, Pictures, explain_views
from tombola.explain.answers import answers
from tombola.store import JobId, Run
from tombola.store.tickets import StateName
from tombola.study.design.selection import Looked
from tombola.study.design.spec import ConditionSpec

RATE = "x"
TOLERANCE = 0.05
"""How far, as a share, a level's compression rate may be from the one that is asked for."""


@dataclass(frozen=True, eq=False)
class Models:
    """The models of a study, a row per replicate and a column per condition.

    Attributes
    ----------
    conditions
        What a study keeps of each condition.
    replicates
        Which replicates; images take them in turn.
    networks
        Per replicate, the network of every condition.
    tickets
        Per replicate, the key of the job of every condition.
    """

    conditions: tuple[ConditionSpec, ...]
    replicates: tuple[int, ...]
    networks: tuple[tuple[ExplainedNetwork, ...], ...]
    tickets: tuple[tuple[str, ...], ...]
    _modules: dict[tuple[int, int], nn.Module] = field(default_factory=dict, repr=False)

    def module(self, row: int, column: int) -> nn.Module:
        """Return one network, built once."""
        if (row, column) not in self._modules:
            self._modules[row, column] = self.networks[row][column].module()
        return self._modules[row, column]

    def row_of(self, place: int) -> int:
        """Return which replicate explains the image at a place: they take turns, so that none is left out."""
        return place % len(self.replicates)

    def look(self, pictures: Pictures, places: Sequence[int]) -> list[Looked]:
        """Return what the models of each image's replicate say of it."""
        found: dict[int, Looked] = {}
        for row in range(len(self.replicates)):
            mine = [place for place in places if self.row_of(place) == row]
            if not mine:
                continue
            images = pictures.images[torch.tensor(mine)]
            said = [answers(self.module(row, column), [images]) for column in range(len(self.conditions))]
            for number, place in enumerate(mine):
                found[place] = Looked(
                    tuple(int(one.predicted[number]) for one in said),
                    tuple(float(one.confidence[number]) for one in said),
                )
        return [found[place] for place in places]


def models_of(
    run: Run,
    asked: Sequence[str],
    replicates: Sequence[int] = (0,),
    *,
    stage: StateName = "trained",
    trust: bool = False,
) -> Models:
    """Return the models of some conditions.

    Parameters
    ----------
    run
        The run they come from.
    asked
        Levels (``0``, ``3``), compression rates (``x1``, ``x32``) or controls of a level (``3/reinit``).
    replicates
        Which replicates.
    stage, trust
        As in `tombola.explain.explain_views`.

    Raises
    ------
    TombolaError
        If a level, rate, control or replicate does not exist, or is not finished.
    """
    if not asked:
        raise TombolaError("conditions: name the levels (0 3 5) or compression rates (x1 x2 x32) to compare")
    if not replicates:
        raise TombolaError("replicates: name at least one")
    chosen = [_level(run, text) for text in asked]
    rows, tickets = [], []
    for replicate in replicates:
        row = []
        for text, (level, control) in zip(asked, chosen, strict=True):
            views = explain_views(
                run, [level], [replicate], [] if control == "none" else [control], stage=stage, trust=trust
            )
            mine = [view for view in views if view.control == control and view.repetition == 0]
            if not mine:
                raise TombolaError(f"condition '{text}' is not finished for replicate {replicate} of {run.path}")
            row.append(mine[0])
        rows.append(tuple(row))
        tickets.append(tuple(run.jobs[JobId(replicate, *place)].key for place in chosen))
    conditions = tuple(
        ConditionSpec(
            name=_name(text, level, control),
            compression_rate=_rounded([row[column].compression_rate for row in rows]),
            density=_rounded([row[column].density for row in rows]),
            run=run.path.name,
            replicate=replicates[0] if len(replicates) == 1 else None,
            level=level,
            control=control,
            ticket=" ".join(keys[column] for keys in tickets),
        )
        for column, (text, (level, control)) in enumerate(zip(asked, chosen, strict=True))
    )
    return Models(conditions, tuple(replicates), tuple(rows), tuple(tickets))


def _level(run: Run, text: str) -> tuple[int, str]:
    """Return (level, control) that a condition's text means."""
    where, _, control = text.strip().partition("/")
    if where.isdigit():
        return int(where), control or "none"
    try:
        rate = float(where.removeprefix(RATE)) if where.startswith(RATE) else math.nan
    except ValueError:
        rate = math.nan
    if not rate >= 1 or math.isinf(rate):
        raise TombolaError(f"condition '{text}' is neither a level (3), a control (3/reinit) nor a rate (x32)")
    found = {view.level: view.compression_rate for view in explain_views(run)}
    level = min(found, key=lambda number: abs(math.log(found[number] / rate)))
    if abs(found[level] / rate - 1) > TOLERANCE:
        rates = ", ".join(f"{RATE}{value:.4g} (level {number})" for number, value in found.items())
        raise TombolaError(f"condition '{text}': no level of {run.path.name} has that compression rate; it has {rates}")
    return level, control or "none"


def _name(text: str, level: int, control: str) -> str:
    where = text.strip().partition("/")[0]
    return (where if where.startswith(RATE) else f"level-{level}") + ("" if control == "none" else f"-{control}")


def _rounded(values: Sequence[float]) -> float:
    return float(f"{sum(values) / len(values):.9g}")
