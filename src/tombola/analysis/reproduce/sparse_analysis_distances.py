"""Distances between the stored networks of the sparse-network analysis, as published and corrected."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from tombola.analysis.distances import Network, NetworkDistance, Settings, network_distance
from tombola.analysis.reproduce.cells import Cell
from tombola.analysis.reproduce.sparse_analysis_networks import Kind, StoredNetwork
from tombola.analysis.reproduce.sparse_analysis_printed import (
    CORRECTED,
    FIRST_LAYER,
    GROUPS,
    MATRICES,
    ORDERED,
    PUBLISHED_MEANS,
    printed_matrix,
)

CELL, TIED, FIRST = 0.002, 0.01, 1e-4
"""Tolerances that the reference states: published cells, corrected values (ties), the first layer."""
MISLABELLED = "the published mean contains the mislabelled gem_10_42"


def distance_cells(networks: Sequence[StoredNetwork]) -> list[Cell]:
    """Return matrices, group means, corrected values and the example of ordering, as far as networks are there."""
    cells: list[Cell] = []
    for architecture, density in dict.fromkeys((each.architecture, each.density) for each in networks):
        here = [each for each in networks if (each.architecture, each.density) == (architecture, density)]
        name = f"{'FC' if architecture == 'fc' else 'R20-'}{density:g}"
        cells += published_cells(name, here)
        if architecture == "fc":
            cells += corrected_cells(name, here)
    return cells


def published_cells(name: str, networks: Sequence[StoredNetwork]) -> list[Cell]:
    """Return published matrices and group means: nominal masks, trained weights, published definitions."""
    cells = []
    for entry in dict.fromkeys([*MATRICES.get(name, ()), *PUBLISHED_MEANS.get(name, ())]):
        found = _distances(networks, "nominal", f"{entry}-sna2023")
        theirs = printed_matrix(MATRICES[name][entry]) if entry in MATRICES.get(name, {}) else {}
        table = f"{name} {entry}-sna2023, nominal masks"
        for pair, distance in found.items():
            if pair in theirs:
                row, column = pair
                cells.append(Cell(table, row, column, theirs[pair], distance.value, CELL))
        means = PUBLISHED_MEANS.get(name, {}).get(entry)
        if means is not None:
            note = MISLABELLED if name == "R20-10" else ""
            cells += _group_cells(
                f"{table}, group means", means, found, {p: d.value for p, d in found.items()}, CELL, note
            )
    return cells


def corrected_cells(name: str, networks: Sequence[StoredNetwork]) -> list[Cell]:
    """Return corrected group means, values of the first layer, and the example of ordering."""
    cells = []
    for (entry, empty), means in CORRECTED.get(name, {}).items():
        found = _distances(networks, "effective", entry, Settings(empty=empty))
        table = f"{name} {entry}, effective masks, empty pairs {'left out' if empty == 'exclude' else 'as 0'}"
        values = {pair: distance.value for pair, distance in found.items()}
        cells += _group_cells(f"{table}, group means", means, found, values, TIED, "")
        if empty == "exclude":
            for pair, theirs in FIRST_LAYER.get(name, {}).get(entry, {}).items():
                if pair in found:
                    cells.append(Cell(f"{table}, layer 1", *pair, theirs, found[pair].layers[0].value, FIRST))
    return cells + _ordering(name, networks)


def _ordering(name: str, networks: Sequence[StoredNetwork]) -> list[Cell]:
    cells = []
    for (entry, one, two), (before, after) in ORDERED.get(name, {}).items():
        found = _distances([each for each in networks if each.label in (one, two)], "nominal", f"{entry}-sna2023")
        if (one, two) in found:
            distance, row = found[one, two], f"{one} {two}"
            mean = float(np.mean([layer.mean for layer in distance.layers]))
            table, note = f"{name} {entry}-sna2023, mean unit distance", "printed with two digits, layer not said"
            cells.append(Cell(table, row, "ordered as they come", before, distance.unordered, TIED, note))
            cells.append(Cell(table, row, "matched", after, mean, TIED, note))
    return cells


def _distances(
    networks: Sequence[StoredNetwork], kind: Kind, entry: str, settings: Settings | None = None
) -> dict[tuple[str, str], NetworkDistance]:
    made = {each.label: Network.of_arrays(each.label, each.weights, keep=each.masks(kind)) for each in networks}
    return {
        (one, two): network_distance(made[one], made[two], entry, settings or Settings())
        for one, two in combinations(made, 2)
    }


def _group_cells(
    table: str,
    means: Sequence[float],
    found: dict[tuple[str, str], NetworkDistance],
    values: dict[tuple[str, str], float],
    tolerance: float,
    note: str,
) -> list[Cell]:
    cells = []
    for (one, two), theirs in zip(GROUPS, means, strict=True):
        pairs = [pair for pair in found if [label[:3] for label in pair] in ([one, two], [two, one])]
        whole = 3 if one == two else 9
        if pairs:
            ours = float(np.mean([values[pair] for pair in pairs]))
            parts = f"mean of {len(pairs)} of {whole} pairs" if len(pairs) < whole else ""
            cells.append(
                Cell(table, f"{one}-{two}", "mean", theirs, ours, tolerance, "; ".join(filter(None, (note, parts))))
            )
    return cells
