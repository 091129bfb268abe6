"""Ranking survivors: the exactly k lowest scores, ties settled by rule."""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from tombola.errors import TombolaError
from tombola.pruning.mask import Mask
from tombola.pruning.request import Request

Scores = Mapping[str, Float[Tensor, "..."]]
"""Layer name -> a number per weight, shaped like the weights; higher = keep."""


def lowest(
    scores: Float[Tensor, " survivor"], count: int, generator: torch.Generator | None = None
) -> Bool[Tensor, " survivor"]:
    """Return which are the `count` lowest scores; exactly `count` of them, however many are equal.

    Parameters
    ----------
    scores
        Finite; higher = keep.
    count
        How many to choose.
    generator
        Draws among equal scores at the threshold; without one the lower position goes first.
    """
    if count in (0, len(scores)):
        return torch.full(scores.shape, count > 0)
    # a partition instead of a full sort: linear time, and ties are settled below, not by its order
    threshold = float(np.partition(scores.numpy(), count - 1)[count - 1])
    chosen = scores < threshold
    tied = (scores == threshold).nonzero().squeeze(1)
    wanted = count - int(chosen.sum())
    if generator is not None and wanted < len(tied):
        tied = tied[torch.randperm(len(tied), generator=generator)]
    chosen[tied[:wanted]] = True
    return chosen


def surviving_scores(name: str, scores: Float[Tensor, "..."], keep: Bool[Tensor, "..."]) -> Float[Tensor, " survivor"]:
    """Return the scores of a layer's survivors in flat order, in single precision at least.

    Raises
    ------
    TombolaError
        If one of them is infinite or NaN; scores of pruned weights may be anything.
    """
    values = scores.detach().to("cpu")[keep]
    if values.dtype not in (torch.float32, torch.float64):
        values = values.float()  # NumPy has no bfloat16; every half-precision number is exact in single precision
    finite = torch.isfinite(values)
    if not bool(finite.all()):
        bad = int((~finite).sum())
        raise TombolaError(
            f"{bad} of {len(values)} scores in layer '{name}' are infinite or NaN, so it cannot be pruned; "
            "training diverged or the score overflowed (lower train.lr, or choose another score)"
        )
    return values


def without(mask: Mask, gone: Mapping[str, Bool[Tensor, " survivor"]]) -> Mask:
    """Return the mask without some of its survivors, given per layer as flags over survivors in flat order."""
    keep = {}
    for name, tensor in mask.items():
        if name in gone:
            bits = tensor.numpy()  # shares memory with `tensor`, which is a copy already
            bits[bits.copy()] = ~gone[name].numpy()
        keep[name] = tensor
    return Mask(keep)


def tie_generator(request: Request) -> torch.Generator | None:
    """Return the generator that settles ties, or None where the flat index does."""
    return request.generator if request.ties == "seeded" else None
