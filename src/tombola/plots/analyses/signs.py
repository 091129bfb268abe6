"""The analysis ``signs``: sign distributions of units, distances between networks, hypotheses, flips, trajectory."""

from pathlib import Path
from typing import Any, cast

from matplotlib.figure import Figure

from tombola.analysis.signs.floors import SPLITS
from tombola.analysis.signs.looking import MEASURES, Signs, look_at_signs
from tombola.analysis.signs.measures import BINS
from tombola.analysis.signs.wiring import FlattenOrder
from tombola.plots.analyses import signs_boxes, signs_grids, signs_levels
from tombola.plots.analyses.registry import Analysis, Material, Result, analyses

OPTIONS: dict[str, tuple[Any, str]] = {
    "measures": (MEASURES, "measures of distance, the first one in sentences and pictures"),
    "layers": ((), "layers to compare, by name [all with weights on both sides of their units]"),
    "bins": (BINS, "equal bins of [0, 1] of measures on histograms"),
    "splits": (SPLITS, "random splits for the finite-sample floor; 0: none"),
    "random": ("", "condition of random networks: tests H1 to H4 of it and the others as tickets"),
    "tickets": ((), "conditions of tickets [all but the random one]"),
    "design": ("", "YAML file of collectives and hypotheses of your own"),
    "flatten": ("channels-first", "order of weights behind a flattening: channels-first or channels-last"),
    "strata": ("", "replicate or run: labels are permuted among networks of one replicate, or run, only [among all]"),
    "network": ("", "network that has pair grids of its own [the first]"),
}


def compute(material: Material) -> Result:
    """Signs of the weights into and out of every unit: distributions, distances, hypotheses, flips, levels."""
    options = {name: default for name, (default, _) in OPTIONS.items()} | dict(material.options)
    chosen = {name: options[name] for name in ("measures", "layers", "bins", "splits", "random", "tickets", "strata")}
    flatten = cast(FlattenOrder, options["flatten"])
    design = Path(options["design"]) if options["design"] else None
    found = look_at_signs(material.views, **chosen, design=design, flatten=flatten, tell=material.tell)
    summary = "verdicts" if "verdicts" in found.tables else "pooled"
    more = {"signs": found, "measure": options["measures"][0], "network": options["network"]}
    return Result(found.tables, found.notes, summary, more)


def pair_grids(result: Result) -> Figure:
    """Pair grids of the four variables by layer, networks of a condition pooled."""
    figure = _figure()
    signs_grids.pair_grids(figure, result.tables["neurons"])
    return figure


def pair_grids_network(result: Result) -> Figure:
    """Pair grids of a single network."""
    figure, table = _figure(), result.tables["neurons"]
    network = result.more["network"] or table.network_id.iloc[0]
    signs_grids.pair_grids(figure, table[table.network_id == network], str(network))
    return figure


def densities(result: Result) -> Figure:
    """Distribution of every variable in every layer, by condition."""
    figure = _figure()
    signs_grids.densities(figure, result.tables["neurons"])
    return figure


def dead(result: Result) -> Figure:
    """Dead units per network and layer, by condition."""
    figure = _figure()
    signs_boxes.dead_boxes(figure, result.tables["networks"])
    return figure


def distances(result: Result) -> Figure | None:
    """Distances within and between conditions."""
    return _boxes(result, lambda sets: [each for each in sets if len(each.blocks) == 1])


def distances_between(result: Result) -> Figure | None:
    """Distances between conditions only."""
    return _boxes(result, lambda sets: [each for each in sets if len(each.blocks) == 1 < len(each.conditions)])


def distances_collective(result: Result) -> Figure | None:
    """Distances of collectives of pair sets."""
    return _boxes(result, lambda sets: [each for each in sets if len(each.blocks) > 1])


def pruned(result: Result) -> Figure | None:
    """Pruned fraction of every layer against the level."""
    return _over_levels(result, signs_levels.pruned_by_level)


def trajectory(result: Result) -> Figure | None:
    """Positive shares and dead units of every layer against the level."""
    return _over_levels(result, signs_levels.signs_by_level)


def flips(result: Result) -> Figure | None:
    """Share of surviving weights whose sign training flipped."""
    if "flips" not in result.tables:
        return None
    figure = _figure()
    signs_levels.flips_by_layer(figure, result.tables["flips"])
    return figure


def _boxes(result: Result, choose: Any) -> Figure | None:
    found: Signs = result.more["signs"]
    if found.distances is None or found.design is None:
        return None
    sets = [each for each in choose(found.design.sets) if len(each.pairs(found.distances.conditions)[0])]
    if not sets:
        return None
    figure = _figure()
    signs_boxes.distance_boxes(figure, found.distances, sets, result.more["measure"])
    return figure


def _over_levels(result: Result, draw: Any) -> Figure | None:
    if "trajectory" not in result.tables:
        return None
    figure = _figure()
    draw(figure, result.tables["trajectory"])
    return figure


def _figure() -> Figure:
    return Figure(layout="constrained")


analyses.register("signs")(
    Analysis(
        compute,
        {
            "densities": densities,
            "pair_grids": pair_grids,
            "pair_grids_network": pair_grids_network,
            "distances": distances,
            "distances_between": distances_between,
            "distances_collective": distances_collective,
            "dead": dead,
            "pruned": pruned,
            "trajectory": trajectory,
            "flips": flips,
        },
        OPTIONS,
    )
)
