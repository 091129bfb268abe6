"""The cost of a step where the sparse engine leaves the first convolutions to PyTorch."""

from collections.abc import Mapping
from dataclasses import replace

from tombola.networks import LayerGraph, Node
from tombola.training.cost.dense_cost import dense_image, dense_step
from tombola.training.cost.dense_rates import DenseRates
from tombola.training.cost.sparse_cost import sparse_image, sparse_step
from tombola.training.cost.tile_rates import SparseRates
from tombola.training.sparse.split import split


def split_step(
    graph: LayerGraph, densities: Mapping[str, float], batch: int, dense: DenseRates, sparse: SparseRates
) -> float:
    """Return nanoseconds of a training step of the sparse engine; weights that are not named are dense."""
    first, rest = parts(graph, densities, batch)
    if first is None:
        return sparse_step(rest, densities, batch, sparse)
    return dense_step(first, batch, dense) + sparse_step(rest, densities, batch, sparse, handed=True)


def split_image(
    graph: LayerGraph, densities: Mapping[str, float], batch: int, dense: DenseRates, sparse: SparseRates
) -> float:
    """Return nanoseconds of evaluating one image in batches of a size."""
    first, rest = parts(graph, densities, batch)
    if first is None:
        return sparse_image(rest, densities, batch, sparse)
    return dense_image(first, dense) + sparse_image(rest, densities, batch, sparse, handed=True)


def parts(graph: LayerGraph, densities: Mapping[str, float], batch: int) -> tuple[LayerGraph | None, LayerGraph]:
    """Return what PyTorch computes (None: nothing), and the rest as a network whose input is handed over."""
    end = split(graph.nodes, densities, batch)
    if not end:
        return None, graph
    moved = [replace(node, inputs=tuple(source - end for source in node.inputs)) for node in graph.nodes[end + 1 :]]
    rest = LayerGraph((Node("input", shape=graph[end].shape), *moved), graph.output - end)
    return LayerGraph(graph.nodes[: end + 1], end), rest
