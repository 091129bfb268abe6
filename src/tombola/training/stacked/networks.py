"""What the two ways of computing a stack have in common, and which one is used where."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from tombola.networks.graph import LayerGraph
from tombola.training.engine import Task
from tombola.training.stacked.members import Masked, Tensors
from tombola.training.stacked.precision import Precision
from tombola.training.stacked.separate import SeparateNetworks
from tombola.training.stacked.together import StackedNetworks


class Networks(Protocol):
    """The networks of a stack on their device.

    Attributes
    ----------
    members
        The tensors of each, by name: those of the stack, not copies.
    parameters
        What an optimiser updates.
    masked
        Those of them that are pruned, with what remains.
    convolutions
        Whether there are any.
    channels_last
        The layout of images they take.
    """

    members: list[Tensors]
    parameters: list[nn.Parameter]
    masked: list[Masked]
    convolutions: bool
    channels_last: bool

    def backward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Compute the gradients of every network's loss on its own images, and return the losses."""

    def measure(self, images: Tensor, labels: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the sum of losses and the number of hits of every network on the same images, where valid."""


def make_networks(
    tasks: Sequence[Task],
    graph: LayerGraph,
    device: torch.device,
    precision: Precision,
    arithmetic: str = "auto",
    convolution: str | None = None,
) -> Networks:
    """Put the networks of tasks on a device, pruned weights at +0.0.

    Parameters
    ----------
    tasks, graph
        The networks, and the graph all of them have.
    device, precision
        Where and how they compute.
    arithmetic
        ``separate``, ``together``, or ``auto``: together on CUDA, separate on a CPU.
    convolution
        Form of all stacked convolutions; None measures.
    """
    if arithmetic == "together" or (arithmetic == "auto" and device.type == "cuda"):
        return StackedNetworks(tasks, graph, device, precision, convolution)
    return SeparateNetworks(tasks, graph, device, precision)
