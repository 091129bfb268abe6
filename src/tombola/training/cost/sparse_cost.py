"""The cost of a step of the sparse engine: it falls with the survivors."""

from collections.abc import Iterator, Mapping
from math import prod

from tombola.networks import LayerGraph
from tombola.training.cost.tile_rates import STREAM, WIDTHS, SparseRates, TileRates
from tombola.training.cost.timing import between
from tombola.training.cost.work import Work, layer_work

LANES = 16
VECTOR = 4 * LANES
SMALL, LARGE = 1 << 20, 8 << 20
"""Bytes of a map that stays in the second-level cache, and of one that does not."""

NAMES = {"max_pool": "pool", "avg_pool": "pool", "batch_norm": "norm", "relu": "relu", "tanh": "tanh", "add": "add"}


def sparse_step(
    graph: LayerGraph, densities: Mapping[str, float], batch: int, rates: SparseRates, handed: bool = False
) -> float:
    """Return nanoseconds of a training step; weights that are not named are dense.

    `handed`: the input is a map that another engine hands over and wants the gradient of.
    """
    groups = -(-batch // LANES)
    total, parameters = rates.step, 0.0
    for work in layer_work(graph):
        survivors = _survivors(work, densities)
        parameters += survivors + work.outputs
        total += _pass(work, survivors, groups, rates.sums)
        total += _pass(work, survivors, groups, rates.dots)
        if handed or not work.first:
            total += _pass(work, survivors, groups, rates.sums, transposed=True)
            total += survivors * between(rates.permute, max(survivors, 1.0))
    total += parameters * between(rates.optimiser, parameters)
    return total + _elements(graph, rates, groups, training=True, handed=handed)


def sparse_image(
    graph: LayerGraph, densities: Mapping[str, float], batch: int, rates: SparseRates, handed: bool = False
) -> float:
    """Return nanoseconds of evaluating one image in batches of a size."""
    groups = -(-batch // LANES)
    total = sum(_pass(work, _survivors(work, densities), groups, rates.sums) for work in layer_work(graph))
    return (total + _elements(graph, rates, groups, training=False, handed=handed)) / batch


def _survivors(work: Work, densities: Mapping[str, float]) -> float:
    return work.weights * densities.get(str(work.node.weight), 1.0)


def _pass(work: Work, survivors: float, groups: int, rates: Mapping[int, TileRates], transposed: bool = False) -> float:
    """Return nanoseconds of one pass over a layer's survivors."""
    conv = work.node.op == "conv"
    rows, sources = (work.inputs, work.outputs) if transposed else (work.outputs, work.inputs)
    height, width = (work.before if transposed else work.after) if conv else (1, groups)
    stride = work.node["stride"][1] if conv else 1
    phases = 1
    if stride > 1 and transposed:
        phases = prod(work.node["stride"])
    total = 0.0
    for tile, count in _tiles(width if stride == 1 else 1, width):
        passes = count * height * (groups if conv else 1) / phases
        drawn = sources * work.kernel[0] * (tile + work.kernel[1] - 1) * VECTOR
        written = rows * height * width * VECTOR * (groups if conv else 1)
        total += passes * _rows(rates[tile], survivors, rows, drawn, written)
    return total


def _rows(rates: TileRates, survivors: float, rows: int, drawn: int, written: float) -> float:
    """Return nanoseconds of all rows of one tile.

    `drawn`: bytes that all rows of the tile draw from together; `written`: bytes of the whole map.
    """
    from tombola.training.sparse.structure import CACHE, FEWEST

    blocks = max(1, min(-(-drawn // CACHE), int(survivors) // max(FEWEST * rows, 1)))
    first = between([(SMALL, rates.row), (LARGE, rates.far)], written)
    again = between([(SMALL, rates.row), (LARGE, rates.again)], written)
    each = between(rates.survivors, drawn / blocks) + rates.stream * min(survivors / STREAM, 1.0)
    return rows * (first + (blocks - 1) * again) + survivors * each


def _tiles(widest: int, width: int) -> Iterator[tuple[int, float]]:
    """Yield the tiles that a row of positions is split into, and how many of each."""
    left = width
    for tile in reversed(WIDTHS):
        if tile <= widest and left >= tile:
            count = left // tile
            left -= count * tile
            yield tile, float(count)


def _elements(graph: LayerGraph, rates: SparseRates, groups: int, *, training: bool, handed: bool) -> float:
    """Return nanoseconds of everything without weights."""

    def cost(name: str, shape: tuple[int, ...]) -> float:
        vectors = prod(shape) * groups
        return vectors * between(rates.element[name], vectors * VECTOR)

    total, trained = cost("turn" if handed else "gather", graph.input_shape) + cost("loss", graph.output_shape), handed
    if training and handed:
        total += cost("turn_back", graph.input_shape)
    for node in graph.nodes[1:]:
        trained = trained or node.weight is not None
        name, shape = NAMES.get(node.op), graph[node.inputs[0]].shape
        if name is None:
            continue
        total += cost(name, shape)
        if training and trained and f"{name}_back" in rates.element:
            total += cost(f"{name}_back", shape)
    return total
