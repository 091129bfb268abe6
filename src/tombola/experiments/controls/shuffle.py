"""Controls of where the survivors are: the mask moves, the weights are the replicate's own."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from jaxtyping import Int
from torch import Tensor

from tombola.experiments.controls.context import ControlContext, needs_whole
from tombola.experiments.controls.rule import controls
from tombola.experiments.trial import Trial
from tombola.pruning import Mask


@controls.register("shuffle-layerwise", refuses=needs_whole, resumes=True)
def shuffle_layerwise(context: ControlContext) -> Trial:
    """Move each layer's mask to random places of the layer, over the replicate's own initial weights.

    Counts per layer stay. Every mask of these counts other than the ticket's own is equally likely, so this is also the
    control known as a random mask with equal counts per layer (Frankle et al. 2021). A layer that is full or empty
    stays as it is. With ``prune.rewind: step:K`` the weights are the dense network's at step k under the new mask, and
    training goes on from there as the ticket's does.
    """
    mask = context.mask
    return context.again(context.whole, shuffled(mask, [[name] for name in mask], context.generator))


@controls.register("shuffle-global", refuses=needs_whole, resumes=True)
def shuffle_global(context: ControlContext) -> Trial:
    """Move the mask to random places of the whole prunable set, over the replicate's own initial weights.

    Only the total count stays: every layer gets about the density of the whole. Also known as a globally random mask.
    Rewinding is that of ``shuffle-layerwise``.
    """
    mask = context.mask
    return context.again(context.whole, shuffled(mask, [list(mask)], context.generator))


def shuffled(mask: Mask, groups: Iterable[Sequence[str]], generator: torch.Generator) -> Mask:
    """Return a mask moved to random places within each group of layers: another mask wherever there is another one.

    What a pruned weight is held at, zero or a value, moves along with it.
    """
    keep, held = {}, {}
    values = _held(mask)
    for names in groups:
        flat = torch.cat([mask[name].flatten() for name in names])
        order = reordering(flat, generator)
        sizes = [mask[name].numel() for name in names]
        moved = torch.split(flat[order], sizes)
        along = torch.split(torch.cat([values[name].flatten() for name in names])[order], sizes)
        for name, kept, value in zip(names, moved, along, strict=True):
            keep[name], held[name] = kept.view(mask[name].shape), value[~kept]
    return Mask({name: keep[name] for name in mask}, held)


def holding_at_random(keep: Mapping[str, Tensor], mask: Mask, generator: torch.Generator) -> Mask:
    """Return a mask of equal counts that holds as many pruned weights as another one, at random pruned places.

    Nothing is drawn where nothing is held.
    """
    order = {name: torch.randperm(len(values), generator=generator) for name, values in mask.held.items()}
    return Mask(keep, {name: mask.held[name][places] for name, places in order.items()})


def _held(mask: Mask) -> dict[str, Tensor]:
    """Return what pruned weights are held at, shaped like the weights."""
    values = {name: torch.zeros(keep.shape) for name, keep in mask.items()}
    for name, pruned in mask.held.items():
        values[name][~mask[name]] = pruned
    return values


def reordering(values: Tensor, generator: torch.Generator) -> Int[Tensor, " n"]:
    """Return a random order of a tensor's entries that differs from the old one, unless all are equal.

    Parameters
    ----------
    values
        Any shape and type; counted flat.
    generator
        A CPU generator.
    """
    flat = values.flatten()
    if len(flat) == 0 or bool((flat == flat[0]).all()):
        return torch.arange(len(flat))
    while True:
        order = torch.randperm(len(flat), generator=generator)
        if not torch.equal(flat[order], flat):
            return order
