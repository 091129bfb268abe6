"""The figures of a report: accuracy and early-stop step against density, and learning curves of chosen levels."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogFormatter, MaxNLocator, PercentFormatter

from tombola.analysis import Verdict, level_densities
from tombola.analysis.summary import has_early_stops
from tombola.analysis.wording import listing, percent
from tombola.plots import accuracy_at_early_stop, curve, early_stop_step, final_accuracy, learning_curves
from tombola.plots.style import RUN_COLOURS
from tombola.report.svg import Picture, picture
from tombola.store import Run
from tombola.store.folder import TICKET

POINTS = 100
"""Points per learning curve; more cannot be told apart at this size."""

BARS = 8
"""Error bars per learning curve."""

CURVES = 4
"""Levels shown as learning curves, dense included."""

MIN_TICKS = 4
LABELS = 6
SETTLED = 0.1
"""Share of a training after which its validation accuracy sets the lower end of the axis."""


def stop_pictures(run: Run) -> list[Picture]:
    """Return accuracy at early stop and early-stop step against density; nothing where no network is done."""
    known = [d for d in level_densities(run) if d > 0]
    if not known:
        return []
    ticks = max(MIN_TICKS, math.ceil(-math.log2(min(known))) + 1)

    own = RUN_COLOURS[1:-1] if len(run.spec.controls) > 1 else ()

    stopped = has_early_stops(run)

    def accuracy(axes: Axes) -> None:
        draw = accuracy_at_early_stop if stopped else final_accuracy
        draw(axes, run, label="", control_colours=own, ticks=ticks)
        sparse_labels(axes)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))

    def step(axes: Axes) -> None:
        early_stop_step(axes, run, label="", control_colours=own, ticks=ticks)
        sparse_labels(axes)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))

    names = listing(["tickets", *(f"{name} controls" for name in run.spec.control_repetitions())])
    over = (
        f"for {names}, at densities from {percent(max(known))} to {percent(min(known))}. The tables hold the numbers."
    )
    bars = "Means over replicates; bars reach from the lowest to the highest replicate."
    if not stopped:
        return [picture("accuracy", accuracy, f"Test accuracy after the last step {over}", bars)]
    return [
        picture("accuracy", accuracy, f"Test accuracy at early stop {over}", bars),
        picture(
            "step", step, f"Early-stop step {over}", f"{bars} Lower means fewer steps to the smallest validation loss."
        ),
    ]


def curve_pictures(run: Run, found: Verdict) -> list[Picture]:
    """Return validation accuracy and training loss of chosen levels against steps; nothing before the first result."""
    levels = chosen_levels(run, found)
    length = max((len(curve(run, level, "val_accuracy")[0]) for level in levels), default=0)
    if length == 0:
        return []
    controls = [found.control] if found.control else []
    every = max(min(length, POINTS) // BARS, 1)

    def accuracy(axes: Axes) -> None:
        learning_curves(axes, run, levels, controls=controls, points=POINTS, bar_every=every)
        axes.set_ylim(bottom=_floor(run, levels, controls))
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
        _tidy(axes)

    def loss(axes: Axes) -> None:
        learning_curves(
            axes, run, levels, "train_loss", controls=controls, points=POINTS, bar_every=every, force_zero=False
        )
        axes.set_yscale("log", nonpositive="mask")
        for write in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
            write(LogFormatter(minor_thresholds=(1, 0.4)))
        _tidy(axes)

    shown = f"against optimiser steps for {listing([f'level {level}' for level in levels])}."
    bars = "Means over replicates; bars reach from the lowest to the highest replicate."
    thinned = f" Lines show {POINTS} of {length:,} records." if length > POINTS else ""
    since = " Each value is the mean of the batch losses since the previous record; logarithmic."
    return [
        picture("val-accuracy", accuracy, f"Validation accuracy {shown}", bars + thinned),
        picture("train-loss", loss, f"Training loss {shown}", bars + since + thinned),
    ]


def chosen_levels(run: Run, found: Verdict) -> list[int]:
    """Return the levels worth showing: dense, the sparsest, the one the verdict is about, and some between."""
    done = [level for level, density in enumerate(level_densities(run)) if np.isfinite(density)]
    if not done:
        return []
    picked = {done[i] for i in np.linspace(0, len(done) - 1, CURVES).round().astype(int)}
    if found.standing:
        judged = found.standing.level
        between = picked - {done[0], done[-1], judged}
        if judged not in picked and between:
            picked.remove(min(between, key=lambda level: abs(level - judged)))
        picked.add(judged)
    return sorted(picked)


def sparse_labels(axes: Axes) -> None:
    """Label every second tick of a long density axis, so that labels keep apart."""
    if len(axes.get_xticks()) > LABELS:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}" if round(-math.log2(x)) % 2 == 0 else ""))


def _floor(run: Run, levels: list[int], controls: list[str]) -> float:
    """Return where the accuracy axis starts: below every curve once the first steep rise is over."""
    lowest, highest = 1.0, 0.0
    for level in levels:
        for control in (TICKET, *(controls if level else ())):
            values = curve(run, level, "val_accuracy", control=control)[1]
            late = values[:, int(SETTLED * values.shape[1]) :]
            if np.isfinite(late).any():
                lowest, highest = min(lowest, float(np.nanmin(late))), max(highest, float(np.nanmax(late)))
    return max(0.0, lowest - 0.05 * max(highest - lowest, 0.01))


def _tidy(axes: Axes) -> None:
    """Move the legend below, tickets above their controls, and write steps with thousands separators."""
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    entries = list(zip(*axes.get_legend_handles_labels(), strict=True))
    plain = {label: handle for handle, label in entries if " " not in label}
    controls = {label.split(" ", 1)[0]: (handle, label) for handle, label in entries if " " in label}
    if not plain:
        return
    blank = (Line2D([], [], linestyle="none"), "")
    shown = [entry for label, handle in plain.items() for entry in ((handle, label), controls.get(label, blank))]
    shown = shown if controls else shown[::2]
    handles, labels = zip(*shown, strict=True)
    axes.legend(
        handles, labels, ncols=len(plain), title="Density", loc="upper center", bbox_to_anchor=(0.45, -0.16),
        handlelength=2.2, columnspacing=1.0,
    )  # fmt: skip
