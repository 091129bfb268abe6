"""Metrics of explanations against density: tickets, controls, and baselines that explain nothing."""

import math
from collections.abc import Sequence
from typing import Any, Final

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from tombola.explain.exploring import RANDOM
from tombola.explain.methods import baselines
from tombola.explain.metrics import metric_names, metrics
from tombola.explain.tables import MARK
from tombola.plots.density import TICKS, density_axis
from tombola.plots.style import (
    CAP_SIZE,
    CONTROL_LINE,
    CONTROL_MARKERS,
    PAPER,
    RUN_COLOURS,
    SOFT_INK,
    TICKET_LINE,
    TICKET_MARKER,
    say,
)
from tombola.store.folder import TICKET

COLUMNS: Final = 4
LABELS: Final = 4
"""From more ticks on every second one is labelled."""
PANEL: Final = (3.1, 2.5)
BASELINE_LINES: Final = {"edge-detector": "-", "centre-gaussian": "--", "random": ":", "constant": "-."}
BETTER: Final = {"higher": "\N{UPWARDS ARROW} is better", "lower": "\N{DOWNWARDS ARROW} is better", "neither": ""}


def explanation_figure(table: pd.DataFrame, title: str = "") -> Figure:
    """Return one panel per metric that has values, with intervals over replicates × images.

    Parameters
    ----------
    table
        As `tombola.explain.tables.level_table` gives it.
    title
        Above all panels; methods that fail sanity checks are named after it.
    """
    known = table[np.isfinite(table["mean"].to_numpy(np.float64))]
    own = known[~known.method.isin(list(baselines)) | known.sanity.ne("")]
    there = set(own.metric)
    names = [name for name in metric_names() if name in there]
    columns = min(COLUMNS, max(1, len(names)))
    rows = max(1, math.ceil(len(names) / columns))
    with matplotlib.rc_context(PAPER):
        figure = Figure(figsize=(PANEL[0] * max(2, columns), PANEL[1] * rows + 1.2), layout="constrained")
        panels: list[Axes] = list(figure.subplots(rows, columns, squeeze=False).flat)
        for axes, name in zip(panels, names, strict=False):
            draw_metric(axes, known[known.metric == name], _ticks(own.density.tolist()))
        for axes in panels[max(1, len(names)) :]:
            axes.remove()
        if not names:
            say(panels[0], "No metric has a value for these networks and images")
        entries = {
            label: handle
            for axes in panels[: len(names)]
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(entries.values(), entries.keys(), loc="outside lower center", ncols=min(4, max(1, len(entries))))
        verdicts = sorted({text for text in own.sanity if text.startswith(MARK)})
        figure.suptitle(
            " ".join([title, *(f"({text})" for text in verdicts)]), color="#a32c00" if verdicts else "black"
        )
    return figure


def draw_metric(axes: Axes, table: pd.DataFrame, ticks: int = TICKS) -> None:
    """Draw one metric against density: rows of one metric, of one method and of baselines."""
    name = str(table.metric.iloc[0])
    metric = metrics[name]
    reference = table[table.method.isin(list(baselines)) & table.sanity.eq("")]
    own = table.drop(reference.index)
    for method in own.method.unique():
        rows = own[own.method == method]
        _series(axes, rows[rows.control == TICKET], RUN_COLOURS[0], TICKET_LINE, TICKET_MARKER, str(method))
        for number, control in enumerate(sorted(set(rows.control) - {TICKET})):
            colour = RUN_COLOURS[1:][number % (len(RUN_COLOURS) - 2)]
            marker = CONTROL_MARKERS[number % len(CONTROL_MARKERS)]
            _series(axes, rows[rows.control == control], colour, CONTROL_LINE, marker, f"{method}, {control}")
    # on a grid and a scale of their own, shapes of baselines say nothing about those of the method
    for method in reference.method.unique() if metric.family != "shape" else ():
        rows = reference[reference.method == method].sort_values("density", ascending=False)
        style: dict[str, Any] = {
            "color": SOFT_INK,
            "linestyle": BASELINE_LINES.get(str(method), "-"),
            "linewidth": 1.2,
            "zorder": 1,
        }
        if len(rows) > 1:
            axes.plot(rows.density, rows["mean"], label=str(method), **style)
        else:
            axes.axhline(
                float(rows["mean"].iloc[0]), label=f"{method} (dense)" if method != RANDOM else RANDOM, **style
            )
    density_axis(axes, ticks)
    axes.tick_params(axis="x", labelsize="small")
    if len(axes.get_xticks()) > LABELS:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.3g}" if round(-math.log2(x)) % 2 == 0 else ""))
    axes.set_title(name, fontsize="medium")
    axes.set_ylabel(BETTER[metric.better], fontsize="small")


def _series(axes: Axes, rows: pd.DataFrame, colour: str, line: str, marker: str, label: str) -> None:
    rows = rows[rows.density > 0].sort_values("density", ascending=False)
    if rows.empty:
        return
    mean = rows["mean"].to_numpy(np.float64)
    below, above = mean - rows.low.to_numpy(np.float64), rows.high.to_numpy(np.float64) - mean
    errors = np.stack([below, above])
    axes.errorbar(
        rows.density.to_numpy(np.float64),
        mean,
        np.maximum(errors, 0) if np.isfinite(errors).any() else None,
        color=colour,
        linestyle=line,
        marker=marker,
        markersize=5,
        markerfacecolor=colour if line == TICKET_LINE else "white",
        elinewidth=1,
        capsize=CAP_SIZE,
        label=label,
    )


def _ticks(densities: Sequence[float]) -> int:
    known = [density for density in densities if density > 0]
    return max(2, math.ceil(-math.log2(min(known, default=1))) + 1)
