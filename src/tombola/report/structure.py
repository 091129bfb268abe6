"""The report's section on what pruning left of the networks: paths, units, multiply-adds."""

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from tombola.analysis.inspect_networks import inspect_run
from tombola.analysis.inspect_structure import Structure
from tombola.analysis.inspect_tables import WHOLE, mean_rows
from tombola.analysis.inspect_wording import digits, large, reasons, warnings, whole_number
from tombola.analysis.wording import count, percent
from tombola.plots.kinds.curves import evenly
from tombola.plots.kinds.structure import by_level
from tombola.plots.structure import draw_structure
from tombola.report.layer_figures import WIDTH, wide
from tombola.report.svg import Picture
from tombola.report.tables import Cell, Line, Table
from tombola.store import Run
from tombola.store.folder import TICKET

LEVELS = 6
"""Levels that are inspected at most: reading and following every mask of a long run would take longer than the page."""

WARNINGS = 6
EXPLAINED = (
    "A survivor is on a path if it leads from a number the input reaches to one that reaches the output; biases alone "
    "reach nothing. Units are rows of linear layers and filters of convolutions: active ones are on a path, empty ones "
    "have no incoming survivor, unread ones no outgoing. Multiply-adds are for one image, all layers together."
)


def structure(run: Run) -> dict[str, Any]:
    """Return the section's table, sentences and figure; of a run without pruned levels or known masks only why."""
    if run.spec.prune.levels == 0:
        return {"table": None, "text": "Nothing was pruned, so nothing is missing."}
    known = sorted({job.level for job in run.jobs if job.control == TICKET})
    levels = evenly(known, LEVELS)
    networks = inspect_run(run, levels=levels)
    if not networks:
        return {"table": None, "text": "No mask of this run is known."}
    fewer = f" {len(levels)} of {len(known)} levels are shown; tombola inspect has all."
    wrong = warnings(networks)
    if len(wrong) > WARNINGS:
        wrong = [*wrong[:WARNINGS], f"{count(len(wrong) - WARNINGS, 'more warning')}; tombola inspect tells all."]
    return {
        "table": table(networks),
        "text": f"{EXPLAINED} Means over replicates.{fewer if len(levels) < len(known) else ''}",
        "notes": [*reasons(networks), *wrong],
        "pictures": [_picture(run, networks)],
    }


def table(networks: Sequence[Structure]) -> Table:
    """Return one line per level: weights on a path, units, multiply-adds, collapse."""
    rows, lines = mean_rows(networks), []
    for row in (row for row in rows if row["layer"] == WHOLE):
        path = Cell(whole_number(row["path"]), percent(row["path_density"]))
        units = [row[f"{kind}_units"] for kind in ("active", "empty", "unread")]
        share = "" if math.isnan(row["flops"]) else f"{digits(row['sparse_flops'] / row['flops'])} of dense"
        cells = [Cell(whole_number(row["kept"])), path]
        cells += [Cell(whole_number(number), percent(number / row["units"])) for number in units]
        cells += [Cell(large(row["sparse_flops"]), share), _collapse(row)]
        lines.append(Line(row["level"], percent(row["density"]), tuple(cells)))
    groups = (("weights", 2), (f"units, of {whole_number(rows[0]['units'])}", 3), ("multiply-adds", 1), ("", 1))
    columns = ("survivors", "on a path", "active", "empty", "unread", "sparse", "collapsed")
    return Table("structure", "What pruning left", groups, columns, tuple(lines))


def _collapse(row: dict[str, Any]) -> Cell:
    if row["collapsed"] > 0:
        return Cell(f"{row['collapsed'] * row['n']:.0f} of {count(row['n'], 'network')}", tone="bad")
    return Cell(count(row["layers_lost"], "layer"), tone="bad") if row["layers_lost"] else Cell("no")


def _picture(run: Run, networks: Sequence[Structure]) -> Picture:
    def draw(figure: Figure) -> None:
        draw_structure(figure, by_level(networks), title="", depth=run.spec.prune.levels)
        figure.set_size_inches(WIDTH, figure.get_figheight())

    return wide(
        "structure-layers",
        draw,
        "Density, share of active units and survivors per unit of every layer, a colour for each level.",
        "Top: density of every layer (solid), on a path (dotted), as was meant (dashed, where known). Middle: units on "
        "a path. Bottom: survivors per unit, thin from least to most, thick the middle half, the dot the median.",
    )
