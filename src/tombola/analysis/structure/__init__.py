"""How survivors lie in a network: positions, runs, patches, kernels, degrees, paths, expansion."""

from tombola.analysis.structure.betweenness import betweenness_table, chain_betweenness, graph_betweenness
from tombola.analysis.structure.components import Components, image_shape, plane_components
from tombola.analysis.structure.degrees import Degrees, degrees
from tombola.analysis.structure.feature_maps import first_layer_counts, first_layer_map, seen_shape
from tombola.analysis.structure.kernel_graphs import Adjacency, filter_scores, kernel_scores, unique_supports
from tombola.analysis.structure.kernel_supports import Support, kernel_supports
from tombola.analysis.structure.path_counts import log_paths
from tombola.analysis.structure.positions import (
    mean_gaps,
    relative_positions,
    rows_of,
    spans,
    weight_distances_sna2023,
)
from tombola.analysis.structure.runs import Runs, RunsSna2023, find_runs, find_runs_sna2023
from tombola.analysis.structure.shortest_paths import shortest_path_betweenness
from tombola.analysis.structure.spectrum import Spectrum, spectrum
from tombola.analysis.structure.unit_graph import UnitGraph, unit_graph

__all__ = [
    "Adjacency", "Components", "Degrees", "Runs", "RunsSna2023", "Spectrum", "Support", "UnitGraph",
    "betweenness_table", "chain_betweenness", "degrees", "filter_scores", "find_runs", "find_runs_sna2023",
    "first_layer_counts", "first_layer_map", "graph_betweenness", "image_shape", "kernel_scores", "kernel_supports",
    "log_paths", "mean_gaps", "plane_components", "relative_positions", "rows_of", "seen_shape",
    "shortest_path_betweenness", "spans", "spectrum", "unique_supports", "unit_graph", "weight_distances_sna2023",
]  # fmt: skip
