"""Masks that move while their network is trained: when, by which rule, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tombola.pruning import Mask
from tombola.pruning.regrow import Movement


@dataclass(frozen=True)
class Moment:
    """What a rule sees when a mask is to move.

    Attributes
    ----------
    step
        Completed optimiser steps.
    mask
        What survives so far.
    weights
        Name -> weights on the CPU, pruned ones +0.0.
    gradients
        Makes name -> gradient of the training loss on the step's batch for *all* weights, pruned ones included, on the
        CPU; computed when called.
    """

    step: int
    mask: Mask
    weights: Mapping[str, Tensor]
    gradients: Callable[[], dict[str, Tensor]]


@dataclass(frozen=True)
class Moves:
    """How a mask moves in training: after which steps, and by which rule."""

    steps: frozenset[int]
    rule: Callable[[Moment], Movement]


class Journey:
    """Where a mask has been: the mask at present, and a row for each time it moved.

    Parameters
    ----------
    mask
        The first one.
    """

    def __init__(self, mask: Mask) -> None:
        self.first = self.mask = mask
        self.rows: list[dict[str, int | float]] = []
        self._seen = {name: keep.clone() for name, keep in mask.items()}

    def go(self, step: int, movement: Movement) -> dict[str, Tensor]:
        """Take the mask's new place; return name -> which weights have no past there (pruned, dropped or grown)."""
        before, self.mask = self.mask, movement.mask
        replaced, kept_of_first, seen = 0, 0, 0
        for name, keep in self.mask.items():
            replaced += int(movement.grown[name].sum())
            kept_of_first += int((keep & self.first[name]).sum())
            self._seen[name] |= keep
            seen += int(self._seen[name].sum())
        self.rows.append(
            {
                "step": step,
                "replaced": replaced / max(before.count, 1),
                "of_first_mask": kept_of_first / max(self.first.count, 1),
                "explored": seen / max(self.mask.size, 1),
            }
        )
        return {name: ~keep | movement.grown[name] for name, keep in self.mask.items()}

    def summary(self) -> dict[str, int | float]:
        """Return how often the mask moved, and what share of all weights it ever let live."""
        return {"moves": len(self.rows), "explored": self.rows[-1]["explored"] if self.rows else self.mask.density}


def clear_(module: nn.Module, cleared: Mapping[str, Tensor]) -> None:
    """Set weights to +0.0 where a mask left or where it grew, in place."""
    parameters = dict(module.named_parameters())
    with torch.no_grad():
        for name, flags in cleared.items():
            parameters[name].masked_fill_(flags.to(parameters[name].device), 0.0)
