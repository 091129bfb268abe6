"""The control of whether a mask chose well: what it pruned remains, and what it kept goes."""

from dataclasses import replace

import torch
from jaxtyping import Bool
from torch import Tensor

from tombola.experiments.controls.context import ControlContext, needs_whole
from tombola.experiments.controls.rule import controls
from tombola.experiments.controls.shuffle import holding_at_random
from tombola.experiments.trial import Trial


@controls.register("invert-layerwise", refuses=needs_whole, resumes=True)
def invert_layerwise(context: ControlContext) -> Trial:
    """Let as many weights of each layer remain as in the ticket, drawn from those that the ticket pruned.

    Layers keep their densities (sparse-analysis reference, section 4.2: inverted scores or mask), over the replicate's
    own initial weights. A layer that is more than half dense has too few pruned weights: all of them remain, and the
    rest is drawn from the ticket's; ``found`` in the job's ``job.json`` says how many that are (``not_inverted``).
    Rewinding is that of ``shuffle-layerwise``.
    """
    mask = context.mask
    keep = {name: opposite(mask[name], context.generator) for name in mask}
    inverted = holding_at_random(keep, mask, context.generator)
    shared = {name: int((inverted[name] & mask[name]).sum()) for name in mask}
    trial = context.again(context.whole, inverted)
    return replace(trial, found={"not_inverted": {name: count for name, count in shared.items() if count}})


def opposite(keep: Bool[Tensor, "..."], generator: torch.Generator) -> Bool[Tensor, "..."]:
    """Return a layer's mask with as many survivors, drawn from the pruned weights first.

    Examples
    --------
    >>> opposite(torch.tensor([True, False, True, False]), torch.Generator())
    tensor([False,  True, False,  True])
    """
    flat = keep.flatten()
    order = torch.randperm(len(flat), generator=generator)
    order = torch.cat([order[~flat[order]], order[flat[order]]])
    chosen = torch.zeros_like(flat)
    chosen[order[: int(flat.sum())]] = True
    return chosen.view(keep.shape)
