"""What a score may look at."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

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
        The complete state after the last training step; before any training, that of step 0.
    initial
        The complete state of the network at step 0.
    generator
        The score's own random stream.
    make_module
        Makes a network in the final state that shares no memory with any other; for scores that need gradients.
    make_batches
        Makes training batches; for scores that need data.
    input_shape
        Of one image: (channels, height, width); for scores that need none of the images themselves.
    memo
        What scores found out about the architecture, kept from round to round.
    """

    layers: tuple[PrunableLayer, ...]
    mask: Mask
    final: State
    initial: State
    generator: torch.Generator
    make_module: Callable[[], nn.Module] | None = None
    make_batches: Callable[[], Batches] | None = None
    input_shape: tuple[int, ...] | None = None
    memo: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def module(self) -> nn.Module:
        """A private copy of the masked network in its final state, made when first asked for.

        It is in the mode that scores are to be taken in (``prune.score_mode``), on the device that computes.

        Raises
        ------
        TombolaError
            If the procedure offers none.
        """
        if self.make_module is None:
            raise TombolaError(
                "this score needs the network itself, which is not offered here; use a score of weights only"
            )
        module = self.make_module()
        self.mask.apply_(module)
        return module

    @cached_property
    def batches(self) -> Batches:
        """Training batches, made when first asked for; the same ones however often they are gone through.

        Raises
        ------
        TombolaError
            If the procedure offers none.
        """
        if self.make_batches is None:
            raise TombolaError(
                "this score needs training data, which is not offered here; use a score of weights only, or give "
                "prune() data= or batches="
            )
        return self.make_batches()

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Shape of one image: what was said, else that of the training batches.

        Raises
        ------
        TombolaError
            If neither is offered.
        """
        if self.input_shape is not None:
            return self.input_shape
        if self.make_batches is None:
            raise TombolaError(
                "this score needs to know what images look like; give prune() input_shape=(channels, height, width), "
                "data= or batches="
            )
        return tuple(next(iter(self.batches))[0].shape[1:])
