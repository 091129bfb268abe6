"""Figures of kernel patterns, made of the tables of an analysis."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tombola.plots.analyses.registry import Result
from tombola.plots.style import GRID, RUN_COLOURS, SOFT_INK
from tombola.plots.weight_colours import COUNT_MAP, WEIGHT_MAP

KINDS = {
    "pos_pos": "positive with positive",
    "neg_neg": "negative with negative",
    "pos_neg": "positive with negative",
    "neg_pos": "negative with positive",
}
SHOWN = 12
"""Patterns per condition."""


def sizes(result: Result) -> Figure:
    """Return survivors per filter and per kernel, by condition, with what independent places give."""
    counts, table = result.more["sizes"], result.tables["kernel_sizes"]
    figure = Figure(figsize=(11, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    most = max(int(each.max(initial=0)) for each in counts.values())
    for number, (condition, each) in enumerate(counts.items()):
        colour = RUN_COLOURS[number % len(RUN_COLOURS)]
        share = np.bincount(each.ravel(), minlength=most + 1) / max(each.size, 1)
        label = f"{condition or 'networks'}: sd {each.std(1).mean():.2f}"
        left.step(np.arange(most + 1), share, where="mid", color=colour, label=label)
        part = table[table.condition == condition]
        right.plot(part.weights, part.kernels, "o", color=colour, markersize=4, label=condition or "networks")
        right.plot(part.weights, part.expected, ":", color=colour, linewidth=1.2)
    left.set(xlabel="survivors per filter", ylabel="share of filters")
    left.set_title("filters", loc="left")
    right.set(xlabel="survivors per kernel", ylabel="kernels")
    right.set_title("kernels (dotted: independent places)", loc="left")
    for axes in (left, right):
        axes.grid(True, **GRID)
        axes.legend()
    return figure


def positions(result: Result) -> Figure:
    """Return survivors at each place of the kernel, a row per condition and a column per input channel."""
    table = result.tables["positions"]
    conditions, channels = [*dict.fromkeys(table.condition)], sorted(table.channel.unique())[:8]
    figure = Figure(figsize=(2.1 * len(channels) + 1.2, 2.1 * len(conditions) + 0.4), layout="constrained")
    grid = figure.subplots(len(conditions), len(channels), squeeze=False)
    for row, condition in zip(grid, conditions, strict=True):
        part = table[table.condition == condition]
        for axes, channel in zip(row, channels, strict=True):
            counts = part[part.channel == channel].pivot(index="row", columns="column", values="survivors").to_numpy()
            image = axes.imshow(counts, cmap=COUNT_MAP, vmin=part.survivors.min(), vmax=max(part.survivors.max(), 1))
            _bare(axes, f"{condition}, channel {channel}" if condition else f"channel {channel}")
        figure.colorbar(image, ax=list(row), label="survivors", pad=0.02)
    return figure


def together(result: Result) -> Figure:
    """Return observed less expected co-occurrences, as shares of the expected, one small map per target place."""
    table = result.tables["cooccurrence"]
    conditions = [*dict.fromkeys(table.condition)]
    figure = Figure(figsize=(2.6 * len(KINDS) + 0.8, 2.8 * len(conditions) + 0.3), layout="constrained")
    grid = figure.subplots(len(conditions), len(KINDS), squeeze=False)
    for row, condition in zip(grid, conditions, strict=True):
        for axes, (kind, words) in zip(row, KINDS.items(), strict=True):
            part = table[(table.condition == condition) & (table.kind == kind)]
            image = axes.imshow(_mosaic(part), cmap=WEIGHT_MAP.with_extremes(bad="#e4e7eb"), vmin=-1, vmax=1)
            _bare(axes, f"{condition}: {words}" if condition else words)
        figure.colorbar(image, ax=list(row), label="observed / expected - 1", pad=0.02, extend="max")
    return figure


def patterns(result: Result) -> Figure:
    """Return the most frequent signed patterns of each condition with their counts, expected counts and z."""
    table = result.tables.get("census", pd.DataFrame(columns=["condition"]))
    conditions = [*dict.fromkeys(table.condition)] or [""]
    figure = Figure(figsize=(0.95 * SHOWN + 0.6, 1.75 * len(conditions) + 0.3), layout="constrained")
    grid = figure.subplots(len(conditions), SHOWN, squeeze=False)
    for row, condition in zip(grid, conditions, strict=True):
        part = table[table.condition == condition].head(SHOWN)
        for axes in row:
            axes.axis("off")
        for axes, (_, each) in zip(row, part.iterrows(), strict=False):
            _pattern(axes, each)
        row[0].text(-0.12, 0.5, condition, transform=row[0].transAxes, rotation=90, va="center", ha="right", fontsize=9)
        if part.empty:
            row[SHOWN // 2].text(0.5, 0.5, "no kernel has so many weights", ha="center", color=SOFT_INK)
    return figure


def explained(result: Result) -> Figure | None:
    """Return distances of synthetic layers against each dial with their fits; None where nothing was explained."""
    if "explained" not in result.tables:
        return None
    points, fits = result.tables["synthetic"], result.tables["explained"]
    dials = [*dict.fromkeys(fits[fits.fit == "single"].dial)]
    figure = Figure(figsize=(4.2 * len(dials), 3.8), layout="constrained")
    for number, (axes, dial) in enumerate(zip(np.atleast_1d(figure.subplots(1, len(dials))), dials, strict=True)):
        part, fit = points[points.dial == dial], fits[(fits.fit == "single") & (fits.dial == dial)].iloc[0]
        axes.plot(part[dial], part.distance, "o", color=RUN_COLOURS[number], markersize=3.5, alpha=0.6)
        ends = np.array([part[dial].min(), part[dial].max()])
        middle = part.distance.mean() + fit.slope * (ends - part[dial].mean())
        axes.plot(ends, middle, color=RUN_COLOURS[number])
        axes.set_title(
            f"slope {fit.slope:.4f} [{fit.low:.4f}, {fit.high:.4f}]\nexplains {fit.explained:.0%} of the gap"
        )
        axes.set(xlabel=dial, ylabel="distance to the reference")
        axes.grid(True, **GRID)
    return figure


def _mosaic(part: pd.DataFrame) -> "np.ma.MaskedArray[Any, Any]":
    """Return one map per target place, laid out as the places are, with gaps; the target itself is left grey."""
    high, wide = int(part.row.max()) + 1, int(part.column.max()) + 1
    canvas = np.full((high * (high + 1) - 1, wide * (wide + 1) - 1), np.nan)
    expected = part.expected.to_numpy(float)
    ratio = np.where(expected > 0, part.kernels / np.where(expected > 0, expected, 1) - 1, np.nan)
    same = (part.row == part.other_row) & (part.column == part.other_column)
    canvas[part.row * (high + 1) + part.other_row, part.column * (wide + 1) + part.other_column] = np.where(
        same, np.nan, ratio
    )
    return np.ma.masked_invalid(canvas)


def _pattern(axes: Axes, each: "pd.Series[Any]") -> None:
    rows = [["-.+".index(sign) - 1 for sign in line] for line in each.pattern.split("/")]
    values = np.ma.masked_equal(np.array(rows, float), 0)
    axes.imshow(values, cmap=WEIGHT_MAP.with_extremes(bad="#d9dce1"), vmin=-1.4, vmax=1.4)
    axes.set_title(f"{each.kernels}\n({each.expected:.1f}, z {each.z:.1f})", fontsize=7)


def _bare(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=8)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
