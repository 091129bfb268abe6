"""The control of which units are connected: every unit keeps its number of connections, and gets others."""

import torch
from jaxtyping import Bool
from torch import Tensor

from tombola.experiments.controls.context import ControlContext, needs_whole
from tombola.experiments.controls.rule import controls
from tombola.experiments.controls.shuffle import holding_at_random
from tombola.experiments.trial import Trial

TRADES = 10
"""Trades per unit of a layer; on average a unit takes part in twice as many."""
SWEEPS = 4
"""Times that positions within kernels are drawn anew, trades in between."""
TRIES = 5


@controls.register("shuffle-degrees", refuses=needs_whole, resumes=True)
def shuffle_degrees(context: ControlContext) -> Trial:
    """Move each layer's mask so that every unit keeps its numbers of incoming and outgoing weights.

    In a linear layer, these are the survivors of a row and of a column; in a convolution, of a filter and of an input
    channel, while positions within kernels are free. (In grouped convolutions, inputs of the same rank in their groups
    count as one.) All such masks are equally likely in the limit of many trades. A layer of which there is no other
    such mask stays as it is. Weights are the replicate's own, and rewinding is that of ``shuffle-layerwise``.
    """
    mask = context.mask
    keep = {name: rewired(mask[name], context.generator) for name in mask}
    return context.again(context.whole, holding_at_random(keep, mask, context.generator))


def rewired(keep: Bool[Tensor, "units inputs *kernel"], generator: torch.Generator) -> Bool[Tensor, "..."]:
    """Return a layer's mask with the same survivors per unit and per input, as another one where that is found.

    Examples
    --------
    >>> rewired(torch.eye(2, dtype=torch.bool), torch.Generator().manual_seed(0))
    tensor([[False,  True],
            [ True, False]])
    """
    if keep.all() or not keep.any():
        return keep
    units, inputs = keep.shape[:2]
    moved = keep.reshape(units, inputs, -1).clone()
    for _ in range(TRIES):
        sweeps = SWEEPS if moved.shape[2] > 1 else 1
        for _ in range(sweeps):
            moved = _repositioned(moved, generator)
            _trade(moved.view(units, -1), TRADES * units // sweeps + 1, generator)
        if not torch.equal(moved.view(keep.shape), keep):
            break
    return moved.view(keep.shape)


def _repositioned(keep: Bool[Tensor, "units inputs kernel"], generator: torch.Generator) -> Tensor:
    """Move survivors to random positions within their kernel."""
    if keep.shape[2] == 1:
        return keep
    return keep.gather(2, torch.rand(keep.shape, generator=generator).argsort(2))


def _trade(rows: Bool[Tensor, "units places"], times: int, generator: torch.Generator) -> None:
    """Let pairs of rows trade what only one of them has, in place: sums of rows and of columns stay.

    This is the curveball algorithm (Strona et al. 2014, Nature Communications 5:4114): many swaps of edges at once.
    """
    if len(rows) < 2:
        return
    for _ in range(times):
        one, other = torch.randperm(len(rows), generator=generator)[:2].tolist()
        differing = (rows[one] ^ rows[other]).nonzero().squeeze(1)
        owned = int(rows[one][differing].sum())
        order = differing[torch.randperm(len(differing), generator=generator)]
        rows[one, order[:owned]], rows[other, order[:owned]] = True, False
        rows[one, order[owned:]], rows[other, order[owned:]] = False, True
