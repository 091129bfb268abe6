"""The tables of a report, as cells ready to print: results by density, remaining weights, time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tombola.analysis import Interval, Quantity, Row, level_densities, summarise
from tombola.analysis.summary import AFTER_LAST_STEP, has_early_stops
from tombola.analysis.wording import DASH, MINUS, NARROW, duration, percent, points, signed, span
from tombola.store import Run
from tombola.store.folder import TICKET

Tone = Literal["", "good", "bad"]


@dataclass(frozen=True)
class Cell:
    """One cell: what counts, what qualifies it in small print, and whether its interval excludes zero."""

    main: str
    small: str = ""
    tone: Tone = ""


@dataclass(frozen=True)
class Line:
    """One row of a table: a level, its density, its cells."""

    level: int
    density: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A table of levels.

    `groups` are the headings above `columns`: (text, number of columns).
    """

    id: str
    title: str
    groups: tuple[tuple[str, int], ...]
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    note: str = ""


@dataclass(frozen=True)
class Style:
    """How one quantity and its differences are written, and which way is good."""

    value: Callable[[float], str]
    difference: Callable[[float], str]
    unit: str
    higher_is_better: bool


def results(run: Run) -> list[Table]:
    """Return test accuracy at early stop and early-stop step by level, with paired differences.

    Of a run without any early stop it is the test accuracy after the last step.
    """
    accuracy = Style(percent, points, "points", higher_is_better=True)
    if not has_early_stops(run):
        rows = summarise(run, AFTER_LAST_STEP)
        return [_results(run, rows, "accuracy", "Test accuracy after the last step (no early stop is known)", accuracy)]
    rows = summarise(run)
    step = Style(whole, lambda x: signed(x, 0), "steps", higher_is_better=False)
    return [
        _results(run, rows, "accuracy", "Test accuracy at early stop", accuracy),
        _results(run, rows, "step", "Early-stop step", step),
    ]


def _results(run: Run, rows: list[Row], name: str, title: str, style: Style) -> Table:
    controls = list(run.spec.control_repetitions())
    groups = [("ticket", 2), *((f"control {control}", 2) for control in controls)]
    columns = ["mean", f"minus dense, {style.unit}", *(["mean", f"ticket minus it, {style.unit}"] * len(controls))]
    densities = level_densities(run)
    lines = []
    for level in range(run.spec.prune.levels + 1):
        cells = []
        for row in (row for row in rows if row.level == level):
            quantity: Quantity = getattr(row, name)
            gap = quantity.minus_dense if row.control == TICKET else quantity.ticket_minus
            cells += [value_cell(quantity.value, style), difference_cell(gap, style)]
        cells += [Cell("")] * (len(columns) - len(cells))
        lines.append(Line(level, percent(densities[level]), tuple(cells)))
    return Table(name, title, tuple(groups), tuple(columns), tuple(lines))


def value_cell(interval: Interval, style: Style) -> Cell:
    """Return a mean with its interval and n; one replicate has no interval, none is a dash."""
    if interval.n == 0:
        return Cell(DASH, "n = 0")
    return Cell(style.value(interval.mean), span(interval, style.value).replace(f"{NARROW}% to", " to"))


def difference_cell(interval: Interval, style: Style) -> Cell:
    """Return a paired difference, marked where its interval excludes zero; nothing where there is no pair."""
    if interval.n == 0:
        return Cell("")
    way: Tone = "good" if (interval.mean > 0) == style.higher_is_better else "bad"
    tone: Tone = way if interval.excludes_zero else ""
    return Cell(style.difference(interval.mean), span(interval, style.difference), tone)


def remaining(run: Run) -> Table | None:
    """Return remaining weights and densities of the tickets per layer and level; None before the first result."""
    layers = run.layers
    if not layers:
        return None
    lines, differ = [], False
    for level, density in enumerate(level_densities(run)):
        found = [info.remaining for job, info in run.jobs.items() if job.control == TICKET and job.level == level]
        counts = np.array([[each[layer.name] for layer in layers] for each in found if each], np.float64)
        if len(counts) == 0:
            lines.append(Line(level, DASH, (Cell(DASH),) * (len(layers) + 1)))
            continue
        differ |= bool((counts != counts[0]).any())
        sizes = np.array([layer.size for layer in layers], np.float64)
        mean = counts.mean(0)
        each = (_weights(float(m), float(s)) for m, s in zip(mean, sizes, strict=True))
        lines.append(Line(level, percent(density), (Cell(f"{mean.sum():,.0f}"), *each)))
    note = "Replicates differ, so counts are means over them." if differ else "Equal in all replicates."
    groups = (("all layers", 1), *((layer.kind, 1) for layer in layers))
    return Table(
        "layers", "Remaining weights", groups, ("weights", *(layer.name for layer in layers)), tuple(lines), note
    )


def whole(value: float) -> str:
    """Return a number of steps, with thousands separators and a real minus."""
    return f"{value:,.0f}".replace("-", MINUS)


def _weights(left: float, size: float) -> Cell:
    small = percent(left / size) if size else DASH
    return Cell(f"{left:,.0f}", f"{small}, collapsed" if left == 0 else small)


def times(run: Run) -> Table | None:
    """Return training time per level: mean per job, and the sum over all jobs of the level."""
    if not run.jobs:
        return None
    controls = list(run.spec.control_repetitions())
    lines = []
    for level, density in enumerate(level_densities(run)):
        cells = [
            _mean_time(info.seconds for job, info in run.jobs.items() if (job.control, job.level) == (control, level))
            for control in (TICKET, *controls)
        ]
        together = sum(info.seconds for job, info in run.jobs.items() if job.level == level)
        lines.append(Line(level, percent(density), (*cells, Cell(duration(together)))))
    total = sum(info.seconds for info in run.jobs.values())
    evaluation = sum(info.evaluation_seconds for info in run.jobs.values())
    share = f", {100 * evaluation / total:.0f}{NARROW}% of it evaluation" if total > 0 else ""
    note = f"All jobs together: {duration(total)}{share}. Jobs that run in parallel overlap."
    groups = (("mean per job", 1 + len(controls)), ("all jobs", 1))
    columns = ("ticket", *(f"control {name}" for name in controls), "sum")
    return Table("time", "Time per level", groups, columns, tuple(lines), note)


def _mean_time(seconds: Iterable[float]) -> Cell:
    values = list(seconds)
    return Cell(duration(float(np.mean(values)))) if values else Cell(DASH)
