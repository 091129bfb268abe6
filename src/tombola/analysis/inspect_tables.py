"""Inspected networks as plain data: one flat table for CSV, one nested document for JSON."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from tombola.analysis.inspect_structure import LayerStructure, Structure
from tombola.store.folder import TICKET, JobId

WHOLE = "all"
"""Names the row of all layers together."""

PLACE = ("run", "replicate", "level", "control", "repetition")
COUNTS = ("kept", "total", "nominal", "path")
UNITS = ("units", "active_units", "empty_units", "unread_units")
QUANTILES = {"min": 0.0, "q1": 0.25, "median": 0.5, "q3": 0.75, "max": 1.0}
COLUMNS = (
    *PLACE,
    *("layer", "kept", "total", "density", "nominal", "nominal_density", "path", "path_density", "relative"),
    *UNITS,
    "collapsed",
    *(f"fan_in_{name}" for name in QUANTILES),
    *("flops", "sparse_flops", "score_sum", "score_abs_sum", "score_share"),
)
BINS = 20


def structure_table(networks: Iterable[Structure]) -> pd.DataFrame:
    """Return every number of inspected networks: a row for each network as a whole (layer ``all``) and for each layer.

    ``kept``, ``nominal`` and ``path`` count weights, the densities are fractions of ``total``. ``relative`` is the
    share of the network's survivors. ``fan_in_…`` are quantiles of survivors per unit, ``score_share`` is the layer's
    part of all absolute scores. ``collapsed`` says of a layer that nothing remains, of the whole that no path does.
    What is not known is NaN. Multiply-adds of the whole hold batch norm and layers that are not pruned, too.
    """
    rows = [row for network in networks for row in _rows(network)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = [name for name in COLUMNS if name not in (*PLACE, "layer")]
    return table.astype(dict.fromkeys(numbers, np.float64))


def structure_document(networks: Iterable[Structure]) -> list[dict[str, Any]]:
    """Return inspected networks as nested plain data, with a histogram of survivors per unit of every layer."""
    documents = []
    for network in networks:
        whole, *layers = _rows(network)
        place = {name: whole[name] for name in PLACE}
        inside = [
            {name: value for name, value in row.items() if name not in PLACE} | {"fan_in": _histogram(layer)}
            for row, layer in zip(layers, network.layers, strict=True)
        ]
        ends = {} if network.paths is None else {
            "inputs": network.paths.inputs.numel(),
            "active_inputs": int(network.paths.inputs.sum()),
            "outputs": network.paths.outputs.numel(),
            "active_outputs": int(network.paths.outputs.sum()),
        }  # fmt: skip
        told = {name: value for name, value in whole.items() if name not in (*PLACE, "layer")}
        notes = {"collapsed_layers": list(network.collapsed_layers), "nominal_differs": network.differs}
        documents.append(
            _plain(place | {"without_paths": network.why or None} | told | ends | notes | {"layers": inside})
        )
    return documents


def mean_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return the means of `structure_table` over replicates, ``n`` of them: a row per level, control and layer.

    Repetitions of a control are averaged first.
    """
    keys = ["level", "control", "layer"]
    each = table.drop(columns=["run", "repetition"]).groupby([*keys, "replicate"], sort=False, dropna=False).mean()
    grouped = each.reset_index("replicate", drop=True).groupby(keys, sort=False, dropna=False)
    return grouped.mean().assign(n=grouped.size()).reset_index()


def mean_rows(networks: Iterable[Structure]) -> list[dict[str, Any]]:
    """Return `mean_table` of networks row by row, with the number of layers of which nothing remains, ``layers_lost``.

    A network that comes from nowhere has level None.
    """
    rows = [
        {str(name): value for name, value in row.items()}
        for row in mean_table(structure_table(networks)).to_dict("records")
    ]
    for row in rows:
        row["level"] = None if pd.isna(row["level"]) else int(row["level"])
    lost = [(row["level"], row["control"]) for row in rows if row["layer"] != WHOLE and row["collapsed"] > 0]
    return [row | {"layers_lost": lost.count((row["level"], row["control"]))} for row in rows]


def _rows(network: Structure) -> list[dict[str, Any]]:
    job = network.job or JobId(0, 0)
    known = network.job is not None
    place = {"run": network.run} | {name: getattr(job, name) if known else None for name in PLACE[1:]}
    place["control"] = job.control if known else TICKET
    scored = sum(layer.scores.abs_sum for layer in network.layers if layer.scores is not None)
    return [place | _whole(network, scored), *(place | _layer(layer, scored) for layer in network.layers)]


def _whole(network: Structure, scored: float) -> dict[str, Any]:
    layers = network.layers
    sums = {
        "units": sum(layer.units for layer in layers),
        "active_units": _sum(layer.active for layer in layers),
        "empty_units": sum(layer.empty for layer in layers),
        "unread_units": _sum(layer.unread for layer in layers),
    }
    fan_in = np.concatenate([layer.fan_in for layer in layers]) if layers else np.zeros(0)
    said = [layer.scores for layer in layers if layer.scores is not None]
    return {
        "layer": WHOLE,
        **_densities(network.kept, network.total, network.nominal, network.path),
        "relative": 1.0 if network.kept else 0.0,
        **sums,
        "collapsed": math.nan if network.collapsed is None else float(network.collapsed),
        **_quantiles(fan_in),
        "flops": network.flops,
        "sparse_flops": network.sparse_flops,
        "score_sum": sum(scores.sum for scores in said) if said else None,
        "score_abs_sum": scored if said else None,
        "score_share": 1.0 if said else None,
    }


def _layer(layer: LayerStructure, scored: float) -> dict[str, Any]:
    mass = layer.scores
    return {
        "layer": layer.name,
        **_densities(layer.kept, layer.total, layer.nominal, layer.path),
        "relative": layer.relative,
        **dict(zip(UNITS, (layer.units, layer.active, layer.empty, layer.unread), strict=True)),
        "collapsed": float(layer.collapsed),
        **_quantiles(layer.fan_in),
        "flops": layer.flops,
        "sparse_flops": layer.sparse_flops,
        "score_sum": None if mass is None else mass.sum,
        "score_abs_sum": None if mass is None else mass.abs_sum,
        "score_share": None if mass is None or not scored else mass.abs_sum / scored,
    }


def _densities(kept: int, total: int, nominal: int | None, path: int | None) -> dict[str, Any]:
    def share(count: int | None) -> float | None:
        return None if count is None else count / total if total else 1.0

    return {
        "kept": kept,
        "total": total,
        "density": share(kept),
        "nominal": nominal,
        "nominal_density": share(nominal),
        "path": path,
        "path_density": share(path),
    }


def _quantiles(fan_in: np.ndarray) -> dict[str, float]:
    values = np.quantile(fan_in, list(QUANTILES.values())) if fan_in.size else [math.nan] * len(QUANTILES)
    return {f"fan_in_{name}": float(value) for name, value in zip(QUANTILES, values, strict=True)}


def _histogram(layer: LayerStructure) -> dict[str, list[float]]:
    """Return how many units keep how many weights: bins of one where that is few, else twenty."""
    most = int(layer.fan_in.max(initial=0))
    edges = np.arange(most + 2) if most < BINS else np.linspace(0, most, BINS + 1)
    units, _ = np.histogram(layer.fan_in, edges)
    return {"edges": edges.tolist(), "units": units.tolist()}


def _sum(values: Iterable[int | None]) -> int | None:
    known = list(values)
    return None if None in known else sum(value for value in known if value is not None)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
