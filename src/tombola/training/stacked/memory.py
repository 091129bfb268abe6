"""How much memory a stack takes, estimated before it is made, and how many networks fit."""

import os
from math import ceil, prod

import torch

from tombola.data.dataset import Dataset
from tombola.networks.graph import LayerGraph
from tombola.networks.state import State
from tombola.specs import TrainSpec

SHARE = 0.8
"""Of the free memory of a CUDA device that a stack may take."""

SYSTEM_SHARE = 0.25
"""Of a computer's memory."""

WEIGHT_COPIES = 8
"""Weight, gradient as computed and as laid out, mask, two optimiser states, best state, undo of the warm-up."""

HOST_COPIES = 6
"""Of a state in the computer's memory, wherever it trains: module, initial, trained, early stop, two to spare."""

ACTIVATION_COPIES = 4
"""Output kept for the backward pass, its gradient, one temporary of each."""


def available(device: torch.device) -> int:
    """Return the bytes that stacks may take on a device."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        # what the allocator holds but nobody uses is free as well
        idle = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int((free + idle) * SHARE)
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not every system says
        total = 8 * 2**30
    return int(total * SYSTEM_SHARE)


def network_bytes(graph: LayerGraph, state: State, train: TrainSpec) -> int:
    """Return the bytes that one more network in a stack takes: weights and their copies, activations of a batch."""
    weights = sum(state[name].numel() * state[name].element_size() for name in graph.tensors)
    width = max((state[name].element_size() for name in graph.tensors), default=4)
    activations = sum(prod(node.shape) for node in graph) * train.batch_size * width
    return weights * WEIGHT_COPIES + activations * ACTIVATION_COPIES


def shared_bytes(data: Dataset, graph: LayerGraph) -> int:
    """Return the bytes that are taken once: the images, and the two largest maps of an evaluation batch."""
    parts = (data.train, data.validation, data.test)
    images = sum(part.images.numel() + part.labels.numel() * 8 for part in parts)
    largest = max(prod(node.shape) for node in graph) / prod(graph.input_shape[1:])
    return int(images + 3 * 4 * largest * 2**22)


def host_bytes(state: State) -> int:
    """Return the bytes of the computer's memory that one more network takes beside its stack."""
    return sum(tensor.numel() * tensor.element_size() for tensor in state.values()) * HOST_COPIES


def most_networks(per_network: int, shared: int, memory: int) -> int:
    """Return how many networks fit into memory; one is always tried."""
    return max(1, (memory - shared) // per_network)


def stack_sizes(count: int, per_network: int, shared: int, memory: int) -> list[int]:
    """Return how many networks each stack takes: as few stacks as fit, as even as can be, one network at least.

    Examples
    --------
    >>> stack_sizes(10, per_network=100, shared=50, memory=500)
    [4, 3, 3]
    """
    stacks = ceil(count / most_networks(per_network, shared, memory))
    return [count // stacks + (number < count % stacks) for number in range(stacks)]
