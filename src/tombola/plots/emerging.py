"""The "ticket emerging" figure: a panel per level; and the same as the frames of an animation."""

import math
import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tombola.plots.emergence import Emergence, Stage
from tombola.plots.style import SOFT_INK, say

PANELS = 12
"""Levels shown at most; more are thinned evenly, the first and last kept, and the figure says so."""
COLUMNS = 5
SIDE = 2.4
"""Inches of a panel."""


def draw_emerging(figure: Figure, shown: Emergence, *, title: str = "", panels: int = PANELS) -> None:
    """Draw the stages of an emerging ticket on an empty figure, a panel per level.

    Parameters
    ----------
    figure
        An empty figure; its size follows from the number of panels.
    shown
        What `tombola.plots.emergence` returns.
    title
        Text above.
    panels
        Levels at most.
    """
    stages, told = thinned(shown.stages, panels), shown.caption
    if not stages:
        axes = figure.subplots()
        axes.axis("off")
        say(axes, told)
        return
    if len(stages) < len(shown.stages):
        told += f" {len(stages)} of {len(shown.stages)} levels."
    rows = math.ceil(len(stages) / COLUMNS)
    columns = math.ceil(len(stages) / rows)
    high, wide = stages[0].image.shape[:2]
    tall = SIDE * min(max(high / wide, 0.4), 2.0)
    width = max(SIDE * columns, 2 * SIDE)
    figure.set_size_inches(width, (tall + 0.55) * rows + 0.7)
    if title:
        figure.suptitle(title)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(w_pad=0.08, h_pad=0.08)  # type: ignore[call-arg]
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, stage in zip(grid, stages, strict=False):
        draw_stage(axes, stage)
    for axes in grid[len(stages) :]:
        axes.axis("off")
    figure.supxlabel(_wrapped(told, width), fontsize=8.5, color=SOFT_INK)


def draw_stage(axes: Axes, stage: Stage) -> None:
    """Draw one stage: the picture, above it level and density, below it the accuracy."""
    axes.imshow(stage.image, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.set_title(f"level {stage.level}, density {stage.density:.4f}", fontsize=9)
    accuracy = "" if np.isnan(stage.accuracy) else f"{100 * stage.accuracy:.2f}\N{NARROW NO-BREAK SPACE}% correct"
    axes.set_xlabel("\n".join(text for text in (accuracy, stage.note) if text), fontsize=8)


def thinned(stages: list[Stage], panels: int) -> list[Stage]:
    """Return at most so many stages, evenly picked, the first and the last included."""
    if len(stages) <= panels:
        return stages
    return [stages[i] for i in np.unique(np.linspace(0, len(stages) - 1, max(panels, 2)).round().astype(int))]


def _wrapped(text: str, inches: float) -> str:
    return textwrap.fill(text, max(30, int(inches * 15)))
