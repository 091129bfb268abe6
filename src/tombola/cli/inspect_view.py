"""The tables of ``tombola inspect`` on a terminal."""

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from tombola.analysis.inspect_structure import Structure
from tombola.analysis.inspect_tables import WHOLE
from tombola.analysis.inspect_wording import digits, large, reasons, warnings, whole_number
from tombola.analysis.wording import count
from tombola.store.folder import TICKET

Row = dict[str, Any]
"""A line of `mean_rows`; what is not known is NaN."""


class Column(NamedTuple):
    """A column, shown where the quantity `known` is known of any row."""

    heading: str
    known: str
    write: Callable[[Row], str]


SPARE = ("nominal", "mult-adds", "per unit", "unread", "relative", "of")
"""Columns that go where the terminal is too narrow, the last one first."""

WARNINGS = 8
"""Sentences about what is wrong that are printed."""


def _units(row: Row) -> str:
    active = row["units"] - row["empty_units"] if math.isnan(row["active_units"]) else row["active_units"]
    return f"{whole_number(active)}/{whole_number(row['units'])}"


DENSITIES = (
    Column("density", "density", lambda row: digits(row["density"])),
    Column("nominal", "nominal", lambda row: digits(row["nominal_density"])),
    Column("on path", "path", lambda row: digits(row["path_density"])),
)
UNITS = (
    Column("active", "units", _units),
    Column("empty", "empty_units", lambda row: whole_number(row["empty_units"])),
    Column("unread", "unread_units", lambda row: whole_number(row["unread_units"])),
)
OF_NETWORKS = (
    Column("level", "kept", lambda row: str(row["level"])),
    Column("network", "kept", lambda row: "ticket" if row["control"] == TICKET else escape(row["control"])),
    *DENSITIES,
    *UNITS,
    Column("mult-adds", "flops", lambda row: large(row["sparse_flops"])),
    Column("of dense", "flops", lambda row: digits(row["sparse_flops"] / row["flops"])),
    Column("collapsed", "kept", lambda row: _collapse(row)),
    Column("n", "n", lambda row: str(row["n"])),
)
OF_LAYERS = (
    Column("kept", "kept", lambda row: whole_number(row["kept"])),
    Column("of", "total", lambda row: large(row["total"])),
    *DENSITIES,
    Column("relative", "relative", lambda row: digits(row["relative"])),
    *UNITS,
    Column("per unit", "fan_in_median", lambda row: digits(row["fan_in_median"])),
    Column("mult-adds", "flops", lambda row: large(row["sparse_flops"])),
    Column("score", "score_share", lambda row: digits(row["score_share"])),
)


def level_table(means: Sequence[Row], console: Console) -> Table:
    """Return one line per level and kind of network."""
    whole = [row for row in means if row["layer"] == WHOLE]
    columns = (
        OF_NETWORKS
        if len({row["control"] for row in whole}) > 1
        else [c for c in OF_NETWORKS if c.heading != "network"]
    )
    return _fitting(console, partial(_table, f"Networks{_over(whole)}", columns, whole))


def layer_tables(means: Sequence[Row], console: Console, *, each: bool) -> Iterator[Table]:
    """Yield a table of layers for every level and kind of network if `each`, else for the tickets of the last level."""
    places = list(dict.fromkeys(map(_place, means)))
    if not each:
        places = ([place for place in places if place[1] == TICKET] or places)[-1:]
    for place in places:
        rows = [row for row in means if _place(row) == place]
        rows = [*(row for row in rows if row["layer"] != WHOLE), *(row for row in rows if row["layer"] == WHOLE)]
        kind = "" if place[1] == TICKET else f", {escape(place[1])}"
        title = f"Layers{'' if place[0] is None else f' of level {place[0]}'}{kind}{_over(rows)}"
        yield _fitting(console, partial(_table, title, OF_LAYERS, rows, named=True))


def remarks(networks: Sequence[Structure]) -> Iterator[str]:
    """Yield what the tables mean and what is wrong, a sentence each."""
    if any(network.paths is not None for network in networks):
        yield (
            "[dim]on path: survivors on a path from input to output; active: units on one; empty: units without "
            "incoming survivors, unread: without outgoing ones; per unit: median survivors; mult-adds: per image[/dim]"
        )
    yield from map(escape, reasons(networks))
    wrong = warnings(networks)
    yield from (f"[red]{escape(sentence)}[/red]" for sentence in wrong[:WARNINGS])
    if len(wrong) > WARNINGS:
        yield f"[red]… and {len(wrong) - WARNINGS} more; --csv and --json hold all.[/red]"


def _place(row: Row) -> tuple[int | None, str]:
    return row["level"], row["control"]


def _fitting(console: Console, make: Callable[[Collection[str]], Table]) -> Table:
    """Return a table with as many of its columns as the terminal has room for."""
    for kept in range(len(SPARE), -1, -1):
        table = make(SPARE[kept:])
        if Measurement.get(console, console.options.update(width=1000), table).maximum <= console.width:
            break
    return table


def _table(
    title: str, columns: Sequence[Column], rows: Sequence[Row], without: Collection[str], *, named: bool = False
) -> Table:
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    chosen = [
        column
        for column in columns
        if column.heading not in without and not all(math.isnan(row[column.known]) for row in rows)
    ]
    if named:
        shown.add_column("layer", overflow="fold")
    for column in chosen:
        heading = "in use" if column.heading == "active" and math.isnan(rows[0]["active_units"]) else column.heading
        shown.add_column(heading, justify="left" if heading == "network" else "right", no_wrap=True)
    for number, row in enumerate(rows):
        name = [escape(row["layer"].removesuffix(".weight"))] if named else []
        style = "bold" if named and row["layer"] == WHOLE else "red" if row["kept"] == 0 else None
        cells = [column.write(row) for column in chosen]
        shown.add_row(*name, *cells, style=style, end_section=named and number == len(rows) - 2)
    return shown


def _over(rows: Sequence[Row]) -> str:
    most = max(row["n"] for row in rows)
    return f", mean over {count(most, 'replicate')}" if most > 1 else ""


def _collapse(row: Row) -> str:
    """Return how many networks have collapsed, or else how many layers."""
    if row["collapsed"] > 0:
        return f"[red]{row['collapsed'] * row['n']:.0f} of {row['n']}[/red]" if row["n"] > 1 else "[red]yes[/red]"
    return f"[red]{count(row['layers_lost'], 'layer')}[/red]" if row["layers_lost"] else ""
