"""The analysis ``structure``: how survivors lie in networks, beside what chance gives."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from tombola.analysis.material import NetworkView, common_layers
from tombola.analysis.structure import first_layer_counts, first_layer_map, relative_positions, rows_of
from tombola.analysis.structure.betweenness import betweenness_table
from tombola.analysis.structure.tables import degree_table, layer_table, network_table, summary_table, support_table
from tombola.analysis.structure.unit_table import unit_table
from tombola.analysis.wording import count
from tombola.plots.analyses import structure_figures as figures
from tombola.plots.analyses import structure_graphs as graphs
from tombola.plots.analyses import structure_pictures as pictures
from tombola.plots.analyses.registry import Analysis, Material, Result, analyses

OPTIONS: dict[str, tuple[Any, str]] = {
    "supports": (20, "how many of the commonest kernel supports"),
    "bins": (25, "places along the input index that survivors are counted at"),
}


def compute(material: Material) -> Result:
    """How survivors lie: densities, paths, distances, runs, patches, kernels, degrees, expansion, beside chance."""
    options = {name: default for name, (default, _) in OPTIONS.items()} | dict(material.options)
    views = list(material.views)
    common_layers(views)
    units = unit_table(views).merge(
        betweenness_table(views), how="left", on=["network", "condition", "layer", "unit"], validate="one_to_one"
    )
    layers = layer_table(views, units)
    tables = {
        "summary": summary_table(layers),
        "networks": network_table(views),
        "layers": layers,
        "units": units,
        "degrees": degree_table(views),
        "positions": position_table(views, options["bins"]),
    }
    supports = support_table(views, most=options["supports"])
    if len(supports):
        tables["supports"] = supports
    maps = [_map(view) for view in views]
    more = {"maps": pictures.chosen_maps([view.condition for view in views], maps)}
    return Result(tables, _notes(views, layers), "summary", more)


def position_table(views: Sequence[NetworkView], bins: int) -> pd.DataFrame:
    """Return the share of each layer's survivors by their place along the input index, in bins of equal width."""
    rows = []
    for view in views:
        for layer in view.layers:
            found = relative_positions(rows_of(view.keep(layer.name)))[1]
            inputs = int(np.prod(layer.shape[1:]))
            count = min(bins, inputs)
            shares = np.histogram(found, count, (0, 1))[0] / max(len(found), 1)
            whole = np.histogram(np.arange(inputs) / max(inputs - 1, 1), count, (0, 1))[0] / inputs
            for place, (share, even) in enumerate(zip(shares, whole, strict=True)):
                rows.append((view.label, view.condition, layer.name, place, share, even))
    return pd.DataFrame(rows, columns=["network", "condition", "layer", "place", "share", "even"])


def _map(view: NetworkView) -> Any:
    weights, counts = first_layer_map(view), first_layer_counts(view)
    return None if weights is None or counts is None else (weights, counts)


def _notes(views: Sequence[NetworkView], layers: pd.DataFrame) -> list[str]:
    conditions = layers.groupby("condition", sort=False).network.nunique()
    names = [*dict.fromkeys(layers.layer.str.removesuffix(".weight"))]
    counted = ", ".join(f"{condition} {count}" for condition, count in conditions.items())
    notes = [
        f"{count(len(views), 'network')} ({counted}), effective masks, {len(names)} layers ({', '.join(names)}). "
        "Units are rows "
        "of linear layers and filters of convolutions; distances and runs go along the flattened input index, so in "
        "hidden layers they depend on the arbitrary order of units there, and say something in the first layer only.",
        "Columns ending in _sna2023 are as published; *_expected and dashes are a random layer of the same density, "
        "dispersion 1 likewise.",
        "betweenness: share of all pairs of units before and behind a unit whose shortest paths lead through it (a "
        "pair's paths count equally), in hidden layers; a filter is one node, an edge crosses one layer, and sums "
        "and identity shortcuts are none: what reads a residual stream reads the units of all layers added into it.",
    ]
    empty = layers.groupby("network", sort=False).empty_units.sum()
    if empty.max() > 0:
        notes.append(
            f"Up to {int(empty.max())} units of a network have no survivors: no distance, no sign, and 0 runs."
        )
    if conditions.min() < 5:
        notes.append(
            f"With {int(conditions.min())} networks in a condition differences between conditions are descriptions, "
            "not claims; units of one network are not independent of each other."
        )
    return notes


analyses.register("structure")(
    Analysis(
        compute,
        {
            "layer_density": figures.layer_density,
            "weight_distances": figures.weight_distances,
            "runs": figures.runs,
            "run_signs": figures.run_signs,
            "positions": graphs.positions,
            "degrees": graphs.degree_distributions,
            "betweenness": graphs.betweenness,
            "expansion": graphs.expansion,
            "kernel_scores": figures.kernel_scores,
            "kernel_supports": pictures.kernel_supports,
            "first_layer": pictures.first_layer,
        },
        OPTIONS,
    )
)
