"""Architectures from a plan, initialisation, states, and the weights that can be pruned. All plain ``nn.Module``s."""

from tombola.networks.builders import Builder, build, networks
from tombola.networks.counts import WeightCounts, count_weights
from tombola.networks.graph import LayerGraph, Node, layer_graph, unsupported
from tombola.networks.initialise import initialise
from tombola.networks.plan import InputShape, NetworkPlan, plan_network
from tombola.networks.plan_network import PlanNetwork
from tombola.networks.prunable import LayerKind, PrunableLayer, prunable_layers
from tombola.networks.scale import Scale
from tombola.networks.state import State, capture, restore

__all__ = [
    "Builder",
    "InputShape",
    "LayerGraph",
    "LayerKind",
    "NetworkPlan",
    "Node",
    "PlanNetwork",
    "PrunableLayer",
    "Scale",
    "State",
    "WeightCounts",
    "build",
    "capture",
    "count_weights",
    "initialise",
    "layer_graph",
    "networks",
    "plan_network",
    "prunable_layers",
    "restore",
    "unsupported",
]
