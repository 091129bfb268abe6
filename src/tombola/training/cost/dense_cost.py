"""The cost of a step of the dense engine: it knows nothing of the density."""

from math import log, prod

from tombola.networks import LayerGraph
from tombola.training.cost.dense_rates import DenseRates
from tombola.training.cost.timing import between
from tombola.training.cost.work import Work, layer_work

POOLS = ("max_pool", "avg_pool")


def dense_step(graph: LayerGraph, batch: int, rates: DenseRates) -> float:
    """Return nanoseconds of a training step."""
    layers = layer_work(graph)
    parameters = float(sum(work.weights for work in layers))
    total = rates.step + rates.layer * len(layers) + rates.pixel * batch * prod(graph.input_shape)
    for work in layers:
        forward, weight, back = _product(work, rates)
        total += batch * work.products * (forward + weight + (0 if work.first else back))
    for operation, elements in _elements(graph):
        total += batch * elements * sum(_element(operation, batch * elements, rates))
    return total + parameters * between(rates.optimiser, parameters)


def dense_image(graph: LayerGraph, rates: DenseRates) -> float:
    """Return nanoseconds of evaluating one image, in large batches."""
    total = rates.pixel * prod(graph.input_shape)
    total += sum(work.products * _product(work, rates)[0] for work in layer_work(graph))
    for operation, elements in _elements(graph):
        total += elements * _element(operation, elements, rates)[0]
    return total


def _element(operation: str, elements: float, rates: DenseRates) -> tuple[float, float]:
    """Return nanoseconds of an element forward and backward, in a map of so many."""
    curve = rates.element.get(operation, rates.element["relu"])
    forward, backward = (between([(row[0], row[part]) for row in curve], elements) for part in (1, 2))
    return forward, backward


def _elements(graph: LayerGraph) -> list[tuple[str, int]]:
    """Return every operation without weights, with the values of an image that go into it."""
    found: list[tuple[str, int]] = []
    for node in graph.nodes[1:]:
        if node.weight is None and node.op not in ("flatten", "input"):
            found.append(("pool" if node.op in POOLS else node.op, prod(graph[node.inputs[0]].shape)))
    return found


def _product(work: Work, rates: DenseRates) -> tuple[float, float, float]:
    """Return nanoseconds of a product forward, in the weight gradient and in the input gradient."""
    if work.node.op == "linear":
        passes = ([(row[0], row[part]) for row in rates.linear] for part in (1, 2, 3))
        forward, weight, back = (between(curve, work.weights) for curve in passes)
        return forward, weight, back

    def distance(row: tuple[float, ...]) -> float:
        mine = (work.inputs, work.outputs, work.after[0])
        return sum(abs(log(mine[axis] / row[axis])) for axis in range(3))

    nearest = min(rates.conv, key=distance)
    return nearest[3], nearest[4], nearest[4]
