"""The tables of ``tombola compare`` on a terminal."""

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tombola.analysis import Comparison, Difference
from tombola.analysis.contrasts import Contrast, family_size
from tombola.analysis.matching import DECIMALS
from tombola.analysis.measures import Measure
from tombola.analysis.member import Member
from tombola.analysis.wording import DASH, count, level_names, p_value, percent, span

SURE = "*"
"""Marks a difference whose adjusted p-value is below 0.05."""


def show(found: Comparison, console: Console) -> None:
    """Print a comparison: means by density, the first run minus each other, then each run on its own."""
    console.print(_means(found))
    for line in _pairings(found):
        console.print(line, soft_wrap=True)
    contrasts = [contrast for each in found.against for contrast in each.contrasts]
    others = [each.label for each in found.against if each.contrasts]
    if others:
        console.print(_contrasts(f"{found.first.label} minus …", contrasts, others, found.measure))
    for member in found.members:
        _own(member, found, console)
    if contrasts or any(member.controls for member in found.members):
        console.print(
            f"p: t test, Holm-adjusted within its table; {SURE} below 0.05. "
            "Intervals: 95 %, Student's t below 10 replicates, bootstrap from 10 on."
        )


def _own(member: Member, found: Comparison, console: Console) -> None:
    """Print what one run says by itself."""
    console.print(f"\n[bold]{escape(member.label)}[/bold]" + (f" ({member.missing})" if member.missing else ""))
    if member.controls:
        others = list(dict.fromkeys(each.other for each in member.controls))
        console.print(_contrasts("ticket minus control", member.controls, others, found.measure))
    if member.reach:
        console.print(member.reach.sentence, soft_wrap=True)
    if member.power:
        console.print(member.power, soft_wrap=True)


def _means(found: Comparison) -> Table:
    measure = found.measure
    shown = Table(title=f"{measure.title}, mean over replicates", title_justify="left")
    shown.add_column("density", justify="right", no_wrap=True)
    for member in found.members:
        shown.add_column(escape(member.label), justify="right")
    for density in found.densities:
        cells = [percent(density)]
        for member in found.members:
            same = (p for p, own in enumerate(member.densities) if own == own and round(own, DECIMALS) == density)
            level = next(same, None)
            value = None if level is None else member.value(level)
            ends = span(value, measure.value) if value and value.n else ""
            cells.append(f"{measure.value(value.mean)}\n[dim]{ends}[/dim]" if value and value.n else "")
        shown.add_row(*cells)
    return shown


def _pairings(found: Comparison) -> Iterator[str]:
    for each in found.against:
        text = f"[bold]{escape(found.first.label)} minus {escape(each.label)}[/bold]: {each.pairing.sentence}"
        if each.pairing.kind != "apart":
            text = " ".join([text, *each.matching.unmatched])
            if each.shared:
                text += f" The very same trained networks in both: {level_names(each.shared)}."
        yield f"{text} {each.power}".rstrip()


def _contrasts(
    title: str, contrasts: list[Contrast] | tuple[Contrast, ...], others: list[str], measure: Measure
) -> Table:
    tested = count(family_size(contrasts), "test")
    unit = f", {measure.unit}" if measure.unit else ""
    shown = Table(title=f"{escape(title)} ({tested}{unit})", title_justify="left")
    shown.add_column("level", justify="right")
    shown.add_column("density", justify="right", no_wrap=True)
    for other in others:
        shown.add_column(f"minus {escape(other)}", justify="right")
        shown.add_column("p", justify="right", no_wrap=True)
    found = {(each.level, each.other): each.difference for each in contrasts}
    for level, density in sorted({each.level: each.density for each in contrasts}.items()):
        cells = [str(level), percent(density)]
        for other in others:
            cells += _cells(found.get((level, other)), measure)
        shown.add_row(*cells)
    return shown


def _cells(found: Difference | None, measure: Measure) -> tuple[str, str]:
    if found is None or found.interval.n == 0:
        return DASH if found else "", ""
    mark = SURE if found.surely else ""
    kind = "" if found.paired else ", unpaired"
    ends = span(found.interval, measure.difference)
    return f"{measure.difference(found.interval.mean)}\n[dim]{ends}{kind}[/dim]", f"{p_value(found.adjusted)}{mark}"
