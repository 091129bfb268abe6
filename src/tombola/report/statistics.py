"""The statistics of a report: ticket against dense and against every control, with p-values and what they can show."""

from collections.abc import Sequence
from dataclasses import dataclass

from tombola.analysis import Contrast, Difference, against_controls, against_dense, power_note, reach
from tombola.analysis.contrasts import family_size
from tombola.analysis.measures import ACCURACY, Measure, accuracy_of
from tombola.analysis.power import need
from tombola.analysis.wording import DASH, count, p_value, percent, span
from tombola.report.tables import Cell, Line, Style, Table, Tone
from tombola.store import Run


@dataclass(frozen=True)
class Statistics:
    """What the section holds: what is compared, two sentences, and the tables; none where nothing was pruned."""

    measure: str
    claim: str
    power: str
    tables: tuple[Table, ...]


def statistics(run: Run) -> Statistics:
    """Return the paired statistics of a run's test accuracy at early stop (after the last step where it has none)."""
    measure = accuracy_of([run])
    dense, controls = against_dense(run, measure), against_controls(run, measure)
    tables = [table for table in (dense_table(dense), controls_table(controls)) if table]
    return Statistics(measure.title, reach(dense).sentence, power_note(dense) if dense else "", tuple(tables))


def dense_table(contrasts: Sequence[Contrast], name: str = "dense") -> Table | None:
    """Return ticket minus dense by level: how large, how sure, and how many replicates it takes to show 0.2 points."""
    if not contrasts:
        return None
    lines = [
        Line(each.level, percent(each.density), (*outcome_cells(each.difference), *_power_cells(each.difference)))
        for each in contrasts
    ]
    columns = ("points", "p (Holm)", "not worse by more than", "spread", "replicates to show 0.2")
    return Table(f"{name}-tests", "Ticket minus dense", (("", 5),), columns, tuple(lines), family_note(contrasts))


def controls_table(contrasts: Sequence[Contrast], measure: Measure = ACCURACY, name: str = "control") -> Table | None:
    """Return ticket minus every control by level, two columns per control."""
    others = list(dict.fromkeys(each.other for each in contrasts))
    if not others:
        return None
    unit = measure.unit or "difference"
    return Table(
        f"{name}-tests",
        "Ticket minus control",
        tuple((f"minus {other}", 2) for other in others),
        (unit, "p (Holm)") * len(others),
        tuple(contrast_lines(contrasts, others, measure)),
        family_note(contrasts),
    )


def contrast_lines(contrasts: Sequence[Contrast], others: Sequence[str], measure: Measure) -> list[Line]:
    """Return one line per level with the differences to each of several others; a level without one stays blank."""
    found = {(each.level, each.other): each for each in contrasts}
    densities = {each.level: each.density for each in contrasts}
    lines = []
    for level, density in sorted(densities.items()):
        cells: list[Cell] = []
        for other in others:
            each = found.get((level, other))
            cells += outcome_cells(each.difference, measure) if each else (Cell(""), Cell(""))
        lines.append(Line(level, percent(density), tuple(cells)))
    return lines


def outcome_cells(found: Difference, measure: Measure = ACCURACY) -> tuple[Cell, Cell]:
    """Return a difference with its interval, and its adjusted p-value; marked where that is below 0.05."""
    if found.interval.n == 0:
        return Cell(DASH, "n = 0"), Cell("")
    style = Style(measure.value, measure.difference, measure.unit, measure.higher_is_better)
    way: Tone = "good" if (found.interval.mean > 0) == style.higher_is_better else "bad"
    small = span(found.interval, style.difference) + ("" if found.paired else ", unpaired")
    plain = f"alone {p_value(found.p)}" if found.tested else ""
    return Cell(style.difference(found.interval.mean), small, way if found.surely else ""), Cell(
        p_value(found.adjusted), plain
    )


def family_note(contrasts: Sequence[Contrast]) -> str:
    """Say how many tests were adjusted together."""
    number = family_size(contrasts)
    return f"One family of {count(number, 'test')}." if number else "No test: it takes two pairs that differ."


def _power_cells(found: Difference) -> tuple[Cell, Cell, Cell]:
    interval = found.interval
    if not interval.known or interval.equal:
        return Cell(DASH), Cell(DASH), Cell(DASH)
    needed = need(found.spread, interval.n)
    number = DASH if needed.replicates is None else f"{needed.replicates:,}"
    high = "many" if needed.high is None else f"{needed.high:,}"
    around = "" if needed.low is None else f"{needed.low:,} to {high}"
    loss = f"{100 * max(-interval.low, 0):.2f}"
    return Cell(loss), Cell(f"{100 * found.spread:.2f}"), Cell(number, around)
