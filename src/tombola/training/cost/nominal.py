"""What an experiment takes at most, without measuring anything: to tell the small ones from those worth a choice."""

from tombola.networks import LayerGraph
from tombola.training.cost.work import layer_work, step_flops

STEP, LAYER, PARAMETER, FLOP = 2e-4, 5e-5, 1e-9, 1e-11
"""Seconds of the dense engine on an ordinary core: per step, layer, parameter and operation."""


def nominal_seconds(graph: LayerGraph, batch: int) -> float:
    """Return the seconds of a step of the dense engine on an ordinary core; the same on every machine."""
    layers = layer_work(graph)
    weights = sum(work.weights for work in layers)
    return STEP + LAYER * len(layers) + PARAMETER * weights + FLOP * step_flops(graph, batch)
