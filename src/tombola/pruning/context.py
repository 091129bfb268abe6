"""What a score may look at."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.networks import PrunableLayer, State
from tombola.pruning.mask import Mask

Batches = Iterable[tuple[Tensor, Tensor]]
"""Pairs of images (normalised, as the network gets them) and labels."""


@dataclass(frozen=True)
class ScoreContext:
    """Everything that weights can be scored by; scores read it and change nothing.

    Attributes
    ----------
    layers
        The prunable layers, in order.
    mask
        What survives so far.
    final
        The complete state after the last training step.
    initial
        The complete state of the network at step 0.
    generator
        The score's own random stream.
    make_module
        Makes a network in the final state that shares no memory with any other; for scores that need gradients.
    make_batches
        Makes training batches; for scores that need data.
    """

    layers: tuple[PrunableLayer, ...]
    mask: Mask
    final: State
    initial: State
    generator: torch.Generator
    make_module: Callable[[], nn.Module] | None = None
    make_batches: Callable[[], Batches] | None = None

    @cached_property
    def module(self) -> nn.Module:
        """A private copy of the network in its final state, made when first asked for.

        Raises
        ------
        TombolaError
            If the procedure offers none.
        """
        if self.make_module is None:
            raise TombolaError(
                "this score needs the network itself, which is not offered here; use a score of weights only"
            )
        return self.make_module()

    @cached_property
    def batches(self) -> Batches:
        """Training batches, made when first asked for.

        Raises
        ------
        TombolaError
            If the procedure offers none.
        """
        if self.make_batches is None:
            raise TombolaError("this score needs training data, which is not offered here; use a score of weights only")
        return self.make_batches()
