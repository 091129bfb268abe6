"""The tables of a comparison: every run's means by density, and the first run minus each other one."""

from tombola.analysis import Comparison
from tombola.analysis.matching import DECIMALS
from tombola.analysis.member import Member
from tombola.analysis.wording import percent
from tombola.report.statistics import contrast_lines, controls_table, dense_table, family_note
from tombola.report.tables import Cell, Line, Style, Table, value_cell


def means(found: Comparison) -> Table:
    """Return the tickets' means by density, one column per run; blank where a run has no such density."""
    measure = found.measure
    style = Style(measure.value, measure.difference, measure.unit, measure.higher_is_better)
    lines = []
    for density in found.densities:
        places = [_level(member, density) for member in found.members]
        cells = [
            Cell("") if level is None else value_cell(member.value(level), style)
            for member, level in zip(found.members, places, strict=True)
        ]
        lines.append(Line(next(level for level in places if level is not None), percent(density), tuple(cells)))
    groups = tuple((member.label, 1) for member in found.members)
    return Table("means", measure.title, groups, ("ticket",) * len(groups), tuple(lines))


def differences(found: Comparison) -> Table | None:
    """Return the first run's ticket minus that of each other run, by level of the first; None where nothing matches."""
    contrasts = [contrast for each in found.against for contrast in each.contrasts]
    others = [each.label for each in found.against if each.contrasts]
    if not others:
        return None
    return Table(
        "differences",
        f"{found.first.label} minus …",
        tuple((f"minus {label}", 2) for label in others),
        (found.measure.unit or "difference", "p (Holm)") * len(others),
        tuple(contrast_lines(contrasts, others, found.measure)),
        family_note(contrasts),
    )


def own(found: Comparison, number: int) -> list[Table]:
    """Return one run's own tables: ticket minus dense (accuracies only), and ticket minus each control."""
    member = found.members[number]
    tables = [dense_table(member.dense, f"dense-{number}")] if found.measure.is_accuracy else []
    tables.append(controls_table(member.controls, found.measure, f"control-{number}"))
    return [table for table in tables if table]


def _level(member: Member, density: float) -> int | None:
    """Return the first level of a run that has a density, to six decimals."""
    same = (level for level, own in enumerate(member.densities) if own == own and round(own, DECIMALS) == density)
    return next(same, None)
