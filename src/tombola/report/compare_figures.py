"""The figures of a comparison: all runs on one axes, with and without controls, and the differences to the first."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, PercentFormatter

from tombola.analysis import Comparison
from tombola.analysis.measures import Measure
from tombola.analysis.wording import listing, points
from tombola.plots import accuracy_at_early_stop, early_stop_step
from tombola.plots.density import density_axis
from tombola.plots.style import CAP_SIZE, RUN_COLOURS, TYPES
from tombola.report.figures import MIN_TICKS, sparse_labels
from tombola.report.svg import Picture, picture

BARS = "Means over replicates; bars are 95\N{NARROW NO-BREAK SPACE}% intervals."
LEGEND_WIDTH = 72
"""Characters that fit side by side below a figure."""

LINE = 0.17
"""Height of a line of a legend, in inches."""

LEAST = 0.005
"""Half the height of the axis of differences where all are zero: half a point."""

Draw = Callable[[Axes], None]


def pictures(found: Comparison) -> list[Picture]:
    """Return the figures of a comparison; nothing where no network is done."""
    if not found.densities:
        return []
    ticks = max(MIN_TICKS, math.ceil(-math.log2(max(min(found.densities), 1e-9))) + 1)
    names = listing([member.label for member in found.members])
    made = []
    if found.measure.column in (*TYPES, "early_stop_step"):
        title = found.measure.title
        about = f"{title} against density for {names}. The tables hold the numbers."
        made.append(picture("tickets", _overlay(found, ticks, controls=False), about, BARS))
        if any(member.controls for member in found.members):
            about = f"{title} against density for {names} and their controls. The tables hold the numbers."
            text = f"{BARS} Solid: tickets; dotted: their controls; dashed: dense."
            lines = sum(2 + len(member.run.spec.controls) for member in found.members) / 2 - 3
            higher = max(lines, 0) * LINE
            made.append(picture("controls", _overlay(found, ticks, controls=True), about, text, higher=higher))
    if any(each.contrasts for each in found.against):
        about = f"Differences of {found.first.label} to {listing([each.label for each in found.against])}, by density."
        text = "Mean differences with 95\N{NARROW NO-BREAK SPACE}% intervals, not adjusted for their number."
        made.append(picture("differences", lambda axes: draw_differences(axes, found, ticks), about, text))
    return made


def _overlay(found: Comparison, ticks: int, *, controls: bool) -> Draw:
    column = found.measure.column

    def draw(axes: Axes) -> None:
        for i, member in enumerate(found.members):
            colour, shown = RUN_COLOURS[i % len(RUN_COLOURS)], None if controls else ()
            style = {"label": member.label, "colour": colour, "controls": shown, "spread": "interval", "ticks": ticks}
            if column in TYPES:
                accuracy_at_early_stop(axes, member.run, measure=column, **style)  # type: ignore[arg-type]
            else:
                early_stop_step(axes, member.run, **style)  # type: ignore[arg-type]
        axes.set_title(found.measure.title)
        axes.set_ylabel("")
        sparse_labels(axes)
        _units(axes, found.measure)
        _legend(axes, [member.label for member in found.members])

    return draw


def draw_differences(axes: Axes, found: Comparison, ticks: int) -> None:
    """Draw the first run minus every other one against density, with intervals and a line at zero.

    Points of several runs are set apart a little, so that their bars can be told from each other.
    """
    shown = [each for each in found.against if each.contrasts]
    for i, each in enumerate(shown):
        known = [c for c in each.contrasts if c.difference.interval.n and c.density > 0]
        apart = 2.0 ** (0.06 * (i - (len(shown) - 1) / 2))
        x = np.array([c.density * apart for c in known])
        mean = np.array([c.difference.interval.mean for c in known])
        ends = np.array([(c.difference.interval.low, c.difference.interval.high) for c in known]).reshape(-1, 2)
        number = next(n for n, member in enumerate(found.members) if member.label == each.label)
        axes.errorbar(
            x, mean, np.abs(ends.T - mean), color=RUN_COLOURS[number % len(RUN_COLOURS)], marker="o", markersize=4,
            elinewidth=1, capsize=CAP_SIZE, label=f"minus {each.label}",
        )  # fmt: skip
    axes.axhline(0, color="#3a3f4b", linewidth=1, zorder=1.5)
    if found.measure.is_accuracy and not any(each.difference.interval.mean for run in shown for each in run.contrasts):
        axes.set_ylim(-LEAST, LEAST)  # nothing differs, and matplotlib would show a line between -5 and 5 points
    density_axis(axes, ticks)
    sparse_labels(axes)
    axes.set_title(f"{found.first.label} minus others")
    _units(axes, found.measure, signed=True)
    _legend(axes)


def _units(axes: Axes, measure: Measure, *, signed: bool = False) -> None:
    if measure.is_accuracy and signed:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda x, _: points(x)))
        axes.set_ylabel("Points of accuracy")
    elif measure.is_accuracy:
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    elif measure.unit:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda x, _: measure.value(x)))


def _legend(axes: Axes, runs: Sequence[str] = ()) -> None:
    """Set the legend below everything else, where any number of entries fits, each run's entries together."""
    entries = list(zip(*axes.get_legend_handles_labels(), strict=True))
    if (legend := axes.get_legend()) is not None:
        legend.remove()
    figure = axes.get_figure(root=True)
    if not entries or figure is None:
        return

    def order(entry: tuple[Any, str]) -> tuple[int, bool]:
        own = [i for i, run in enumerate(runs) if entry[1] == run or entry[1].startswith(f"{run} ")]
        return max(own, key=lambda i: len(runs[i]), default=len(runs)), entry[1] not in runs

    handles, names = zip(*sorted(entries, key=order), strict=True)
    columns = max(1, min(len(runs) or 3, LEGEND_WIDTH // (max(map(len, names)) + 6)))
    figure.legend(handles, names, loc="outside lower center", ncols=columns, handlelength=2.2, columnspacing=1.0)
