"""Whole figures of distances between networks, made of the tables of an analysis."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tombola.analysis.distances import square
from tombola.analysis.distances.nulls import WHOLE
from tombola.analysis.distances.pairs import grouped
from tombola.plots.analyses import distances_drawing as draw
from tombola.plots.analyses.registry import Result

SIDE = (0.42, 2.4, 9.0)
"""Inches of a matrix: per network, at least, at most."""
MARGIN = 1.9
MOST_LAYERS = 11
"""Rows of boxes; of deeper networks as many layers are shown, first and last among them."""


def matrices(result: Result) -> Figure:
    """Return one heat map per distance, condition after condition, from 0 to 1."""
    entries = _entries(result)
    figure, panels = _panels(result, len(entries))
    for axes, entry in zip(panels, entries, strict=True):
        matrix = _matrix(result, entry)
        image = draw.distance_matrix(axes, matrix, title=entry, groups=_groups(result, matrix))
        figure.colorbar(image, ax=axes, pad=0.03, shrink=0.8, label="distance")
    return figure


def z_matrices(result: Result) -> Figure | None:
    """Return the z-scores of all pairs as heat maps, a row per null model; None without null models."""
    nulls = _nulls(result)
    if not nulls:
        return None
    entries = _entries(result)
    figure, panels = _panels(result, len(entries), len(nulls))
    cells = [(model, column, entry) for model, column in nulls.items() for entry in entries]
    for axes, (model, column, entry) in zip(panels, cells, strict=True):
        matrix = _matrix(result, entry, column)
        groups = _groups(result, matrix)
        title = f"{entry} against null model '{model}'"
        image = draw.distance_matrix(axes, matrix, title=title, groups=groups, z_scores=True)
        figure.colorbar(image, ax=axes, pad=0.03, shrink=0.8, label="z", extend="both")
    return figure


def ordered(result: Result) -> Figure:
    """Return heat maps before (units in the order they have) and after alignment, a row per distance."""
    entries = _entries(result)
    figure, panels = _panels(result, 2, len(entries))
    for number, entry in enumerate(entries):
        for axes, (column, words) in zip(
            panels[2 * number : 2 * number + 2], (("unordered", "before"), ("mean", "after")), strict=True
        ):
            matrix = _matrix(result, entry, column)
            title = f"{entry}, {words} alignment"
            image = draw.distance_matrix(axes, matrix, title=title, groups=_groups(result, matrix))
            figure.colorbar(image, ax=axes, pad=0.03, shrink=0.8, label="mean unit distance")
    return figure


def layers(result: Result) -> Figure:
    """Return mean unit distances per layer before and after alignment, by pair of conditions."""
    entries, pairs = _entries(result), _pairs(result)
    names = [name for name in dict.fromkeys(pairs.layer) if name != WHOLE]
    count = pairs.group.nunique() // 2 + 1
    figure = Figure(figsize=(max(7.0, 1.6 + 0.9 * len(names)), 3.4 * len(entries) + 0.25 * count), layout="constrained")
    panels = figure.subplots(len(entries), 1, squeeze=False)[:, 0]
    for axes, entry in zip(panels, entries, strict=True):
        title = f"{entry}: unordered (hollow) and matched (full)"
        draw.before_and_after(axes, pairs[pairs.entry == entry], names, title=title)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


def boxes(result: Result) -> Figure:
    """Return distances by pair of conditions, a column per distance: the mean over layers, then each layer.

    Of networks with more than `MOST_LAYERS` layers so many are shown, evenly over the depth.
    """
    entries, pairs = _entries(result), _pairs(result)
    layers = [name for name in dict.fromkeys(pairs.layer) if name != WHOLE]
    shown = dict.fromkeys(np.linspace(0, len(layers) - 1, min(len(layers), MOST_LAYERS)).round().astype(int))
    names = [WHOLE, *(layers[number] for number in shown)]
    count = max(1, pairs.group.nunique())
    size = (max(4.0, 1.2 + 0.5 * count) * len(entries), 2.4 * len(names) + 0.6)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(names), len(entries), squeeze=False, sharex=True)
    for row, layer in zip(grid, names, strict=True):
        for axes, entry in zip(row, entries, strict=True):
            title = f"{entry}, " + ("mean over layers" if layer == WHOLE else draw.short(layer))
            draw.distance_boxes(axes, pairs[(pairs.entry == entry) & (pairs.layer == layer)], title=title)
    if len(shown) < len(layers):
        figure.suptitle(f"{len(shown)} of {len(layers)} layers; the table of pairs has all", x=0.01, ha="left")
    return figure


def z_scores(result: Result) -> Figure | None:
    """Return z-scores by pair of conditions; None without null models."""
    nulls, entries, pairs = _nulls(result), _entries(result), _pairs(result)
    if not nulls:
        return None
    count = max(1, pairs.group.nunique())
    figure = Figure(figsize=(max(4.5, 1.4 + 0.55 * count) * len(entries), 4.0), layout="constrained")
    panels: list[Axes] = list(figure.subplots(1, len(entries), squeeze=False)[0])
    for axes, entry in zip(panels, entries, strict=True):
        draw.z_by_group(axes, pairs[(pairs.entry == entry) & (pairs.layer == WHOLE)], nulls, title=entry)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper", title="null model")
    return figure


def _pairs(result: Result) -> pd.DataFrame:
    """Return the pair table with groups, conditions by the shortest names that tell them apart."""
    table = result.tables["pairs"]
    names = short_names([*dict.fromkeys([*table.condition_a, *table.condition_b])], ", ")
    shortened = {column: table[column].map(names) for column in ("condition_a", "condition_b")}
    return grouped(table.assign(**shortened))


def _matrix(result: Result, entry: str, column: str = "value") -> pd.DataFrame:
    """Return a matrix, condition after condition, networks by the shortest names that tell them apart."""
    matrix = square(result.tables["pairs"], entry, column)
    conditions = result.more.get("conditions", {})
    places = [*dict.fromkeys(conditions.values())]
    order = sorted(matrix.index, key=lambda label: places.index(conditions[label]) if label in conditions else 0)
    matrix = matrix.loc[order, order]
    names = short_names([*matrix.index], "/")
    return matrix.rename(index=names, columns=names)


def short_names(names: Sequence[str], separator: str) -> dict[str, str]:
    """Return each name without the beginning that all of them share, cut at a separator.

    Examples
    --------
    >>> short_names(["run/0/3", "run/1/3"], "/")
    {'run/0/3': '0/3', 'run/1/3': '1/3'}
    >>> short_names(["run", "run, reinit"], ", ")
    {'run': 'run', 'run, reinit': 'reinit'}
    """
    parts = [name.split(separator) for name in names]
    shared = 0
    while len(names) > 1 and all(len(part) > shared for part in parts) and len({part[shared] for part in parts}) == 1:
        shared += 1
    short = [separator.join(part[shared:]) or name for part, name in zip(parts, names, strict=True)]
    return dict(zip(names, short if len({*short}) == len({*names}) else names, strict=True))


def _entries(result: Result) -> list[str]:
    return [*dict.fromkeys(result.tables["pairs"].entry)]


def _nulls(result: Result) -> dict[str, str]:
    return {model: f"null_{model}_z" for model in result.more.get("nulls", ())}


def _groups(result: Result, matrix: pd.DataFrame) -> list[str]:
    conditions = result.more.get("conditions", {})
    names = short_names([*conditions], "/")
    shown = {names[label]: str(condition) for label, condition in conditions.items()}
    return [shown.get(label, "") for label in matrix.index]


def _panels(result: Result, columns: int, rows: int = 1) -> tuple[Figure, list[Axes]]:
    pairs = result.tables["pairs"]
    networks = len({*pairs.net_a, *pairs.net_b})
    names = short_names([*dict.fromkeys([*pairs.net_a, *pairs.net_b])], "/")
    longest = max((len(name) for name in names.values()), default=0)
    side = float(np.clip(SIDE[0] * networks, SIDE[1], SIDE[2]))
    margin = MARGIN + 0.075 * longest
    figure = Figure(figsize=((side + margin) * columns, (side + margin) * rows), layout="constrained")
    return figure, list(figure.subplots(rows, columns, squeeze=False).ravel())
