"""Layer densities beside published ones, on a terminal."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from tombola.analysis.inspect_reference import OURS, beside_reference
from tombola.interop.layer_reference import LayerReference
from tombola.store.folder import TICKET


def reference_tables(means: Sequence[dict[str, Any]], reference: LayerReference) -> Iterator[RenderableType]:
    """Yield the table of the last level of tickets beside a reference, and what is to be said of it.

    Parameters
    ----------
    means
        Rows of `tombola.analysis.inspect_tables.mean_rows`.
    reference
        Published densities.
    """
    tickets = [row for row in means if row["control"] == TICKET]
    level = tickets[-1]["level"]
    rows = [row for row in tickets if row["level"] == level]
    found = beside_reference(rows, reference)
    where = "" if level is None else f", level {level}"
    title = f"percent of weights that remain{where}, beside {reference.name}"
    table = Table(title=escape(title), title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("layer")
    for name in (OURS, *reference.columns):
        nearest = name == found.attrs["nearest"]
        table.add_column(escape(f"{name} (nearest)" if nearest else name), justify="right")
    for row in found.to_dict("records"):
        values = (row[name] for name in (OURS, *reference.columns))
        table.add_row(escape(str(row["layer"])), *(f"{100 * value:.2f}" for value in values))
    yield table
    for remark in reference.remarks:
        yield escape(f"{reference.name}: {remark}")
    if found.attrs["left_out"]:
        yield escape(f"Shortcuts are not in {reference.name} and are left out: {', '.join(found.attrs['left_out'])}.")
