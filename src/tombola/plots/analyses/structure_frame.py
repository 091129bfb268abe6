"""What figures of structure share: their data by layer and condition, their sizes, their legends."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from tombola.plots.analyses.registry import Result
from tombola.plots.analyses.violins import INK, Values, colour_of, name_room

DASHES = (0, (1.5, 1))
LETTERS, SAMPLE = 12, 7
"""Letters of a legend per inch, and what a colour beside a name takes."""
PLAIN = FuncFormatter(lambda value, _: f"{value:g}")


def parts(result: Result) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Return the table of layers, the conditions and the layers, in order."""
    table = result.tables["layers"]
    return table, [*dict.fromkeys(table.condition)], [*dict.fromkeys(table.layer)]


def by_unit(result: Result, column: str) -> dict[tuple[str, str], Values]:
    """Return a column of the units by (layer, condition)."""
    found = result.tables["units"].groupby(["layer", "condition"], sort=False)[column]
    return {(str(layer), str(condition)): part.to_numpy(np.float64) for (layer, condition), part in found}


def chance_of(result: Result, column: str) -> dict[tuple[str, str], float]:
    """Return what chance makes of a column, means by (layer, condition)."""
    name = f"{column}_expected"
    means = result.tables["layers"].groupby(["layer", "condition"], sort=False, as_index=False)[name].mean()
    places = zip(means["layer"].astype(str), means["condition"].astype(str), strict=True)
    return dict(zip(places, means[name].astype(float), strict=True))


def width_of(layers: Sequence[str]) -> float:
    """Return inches for so many layers."""
    return float(np.clip(3.6 + 0.55 * len(layers), 5.6, 14.0))


def single(layers: Sequence[str], height: float) -> tuple[Figure, Axes]:
    """Return a figure of one panel, as wide as its layers need, and higher where their names do."""
    figure = Figure(figsize=(width_of(layers), height + name_room(layers)), layout="constrained")
    return figure, figure.subplots()


def stacked(layers: Sequence[str], count: int, height: float) -> tuple[Figure, list[Axes]]:
    """Return a figure of panels above each other, as wide and high as their layers need."""
    size = (width_of(layers), count * (height + name_room(layers)))
    figure = Figure(figsize=size, layout="constrained")
    return figure, list(figure.subplots(count, 1))


def chance_line(words: str) -> Line2D:
    """Return the legend entry of what chance makes."""
    return Line2D([], [], color=INK, linestyle=DASHES, label=words)


def legend(figure: Figure, conditions: Sequence[str], lines: Sequence[Line2D], where: str = "lower") -> None:
    """Add a legend of conditions and lines outside the panels."""
    patches = [Patch(color=colour_of(number), label=condition) for number, condition in enumerate(conditions)]
    lengths = [len(str(handle.get_label())) + SAMPLE for handle in (*patches, *lines)]
    room = int(figure.get_figwidth() * LETTERS)
    columns = len(lengths) if sum(lengths) <= room else max(1, room // max(lengths))
    figure.legend(handles=[*patches, *lines], loc=f"outside {where} center", ncols=columns)  # type: ignore[call-overload]
