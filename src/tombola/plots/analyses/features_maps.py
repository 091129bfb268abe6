"""Correlation maps of several pairs of networks, units matched."""

from matplotlib.figure import Figure

from tombola.analysis.features.partners import bipartite_matching, reordered
from tombola.plots.analyses.features_figures import PAIRS, correlation_map, spread
from tombola.plots.analyses.features_matrices import short_labels
from tombola.plots.analyses.registry import Result


def correlations_pairs(result: Result) -> Figure | None:
    """Return matched correlation maps, a row per pair: within conditions, then between them; None for one pair."""
    found = dict(list(result.more["correlations"].items())[:PAIRS])
    if len(found) < 2:
        return None
    names = spread([*next(iter(found.values()))])
    figure = Figure(figsize=(1.6 + 1.8 * len(names), 0.6 + 1.9 * len(found)), layout="constrained")
    grid = figure.subplots(len(found), len(names), squeeze=False)
    conditions, shown = result.more["conditions"], short_labels([label for pair in found for label in pair])
    for number, (row, (pair, maps)) in enumerate(zip(grid, found.items(), strict=True)):
        for axes, name in zip(row, names, strict=True):
            image = correlation_map(axes, reordered(maps[name], bipartite_matching(maps[name]))[0])
            if number == 0:
                axes.set_title(name.removesuffix(".weight"), loc="left", fontsize="small")
        kind = "within" if conditions[pair[0]] == conditions[pair[1]] else "between"
        row[0].set_ylabel("\n".join([kind, *shown[2 * number : 2 * number + 2]]), fontsize="x-small")
    figure.colorbar(image, ax=list(grid.ravel()), shrink=0.5, pad=0.02, label="correlation")
    figure.suptitle("Matched units, best first (grey: dead units)")
    return figure
