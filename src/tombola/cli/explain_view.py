"""What ``tombola explain`` prints: metrics by level, sanity checks, what is missing."""

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from rich.table import Table

from tombola.cli.console import results

if TYPE_CHECKING:
    from tombola.explain.comparing import Comparison
    from tombola.explain.exploring import Exploration

WITH_INTERVALS = 3
"""Columns up to which intervals fit on a line."""
ROWS = 20


def show_exploration(found: "Exploration", table: pd.DataFrame) -> None:
    """Print the metrics of the method by level, and what sanity checks found."""
    from tombola.explain.tables import standing
    from tombola.store.folder import TICKET

    console = results()
    own = table[table.method == found.plan.method]
    verdict = standing(found.findings)
    for control, part in own.groupby("control", sort=False):  # side by side they would not fit a terminal
        title = f"{found.plan.method} ({verdict})" + ("" if control == TICKET else f", control {control}")
        console.print(_table(title, part))
    if len(own):
        _say_missing(own)
    for finding in found.findings:
        console.print(finding.sentence, markup=False, soft_wrap=True)


def _table(title: str, part: pd.DataFrame) -> Table:
    """Return the metrics of tickets, or of one control: a row per metric, a column per level."""
    from tombola.explain.metrics import metrics

    table = Table(title=title, title_justify="left")
    table.add_column("metric", no_wrap=True)
    table.add_column("better")
    levels = list(part.level.unique())
    for level in levels:
        table.add_column(f"level {level}\n{100 * part[part.level == level].density.iloc[0]:.3g} %", justify="right")
    for metric in part.metric.unique():
        rows = part[part.metric == metric].set_index("level")
        if np.isfinite(rows["mean"]).any():
            cells = [_cell(rows.loc[level], intervals=len(levels) <= WITH_INTERVALS) for level in levels]
            table.add_row(metric, metrics[metric].better, *cells)
    return table


def show_comparison(found: "Comparison") -> None:
    """Print the changes of the most changed images."""
    console = results()
    levels = [str(view.level) for view in (found.pairs[0].first, found.pairs[0].second)]
    changes = found.changes.sort_values(["l1", "replicate"], ascending=[False, True])
    title = f"{found.plan.method}: from level {' to level '.join(levels)}, most changed first"
    table = Table(title=title, title_justify="left")
    for name in ("replicate", "image", "class", "L1", "rank", "SSIM", "top 10 %", *(f"level {x}" for x in levels)):
        table.add_column(name, justify="left" if name == "class" or name.startswith("level") else "right")
    for row in changes.head(ROWS).itertuples(index=False):
        numbers = [_number(getattr(row, name)) for name in ("l1", "spearman", "ssim", "top_iou")]
        said = [f"{name}{'' if right else ' (wrong)'}" for name, right in ((row[7], row[9]), (row[8], row[10]))]
        table.add_row(str(row.replicate), str(row.image), str(row[2]), *numbers, *said)
    console.print(table)
    if len(changes) > ROWS:
        console.print(f"{ROWS} of {len(changes):,} rows; the file has all", markup=False)


def show_list() -> None:
    """Print methods, baselines, renderers, metrics and sanity checks."""
    from tombola.explain.methods import baselines, methods
    from tombola.explain.metrics import metrics
    from tombola.explain.render import renderers
    from tombola.explain.sanity import checks

    console = results()
    for title, registry in (("methods", methods), ("baselines", baselines), ("metrics", metrics), ("sanity", checks)):
        console.print(f"{title}:", markup=False)
        for name in registry:
            console.print(f"    {name}: {registry[name].summary}", markup=False, soft_wrap=True)
    console.print(f"renderers: {', '.join(renderers)}", markup=False, soft_wrap=True)


def _say_missing(own: pd.DataFrame) -> None:
    missing = [str(name) for name, rows in own.groupby("metric", sort=False) if not np.isfinite(rows["mean"]).any()]
    for why, names in groupby(missing, _why):
        results().print(f"missing: {', '.join(names)} ({why})", markup=False, soft_wrap=True)


def _why(name: str) -> str:
    """Return why a metric has no value at all."""
    from tombola.explain.metrics import metrics

    metric = metrics[name]
    if "boxes" in metric.needs:
        return "the data set does not say where objects are"
    if "judge" in metric.needs:
        return "the dense network of another replicate is needed"
    if "dense" in metric.needs:
        return "a pruned network, its dense one, and maps that are not constant are needed"
    return "the maps or the network's answers are constant"


def _cell(row: "pd.Series[float]", *, intervals: bool) -> str:
    mean = _number(row["mean"])
    if not intervals or not np.isfinite(row["low"]):
        return mean
    return f"{mean} [{_number(row['low'])}, {_number(row['high'])}]"


def _number(value: float) -> str:
    return "\N{EN DASH}" if not np.isfinite(value) else f"{value:.3g}"
