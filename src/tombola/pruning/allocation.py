"""Allocations: the rule that turns scores and a request into a mask. Adding one is a function and a registry line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from tombola.networks import PrunableLayer
from tombola.pruning.mask import Mask
from tombola.pruning.ranking import Scores, lowest, surviving_scores, tie_generator, without
from tombola.pruning.removal import Counts, layerwise_removal, overall_removal
from tombola.pruning.request import Request
from tombola.registry import Registry
from tombola.specs import PruneSpec

Allocation = Callable[[Scores, Mask, Request], Mask]
"""(scores, mask, request) -> a mask within the given one, with exactly as many survivors as the request asks for."""

Split = Callable[[Counts, Request], dict[str, int]]
"""(survivors per layer, request) -> how many of them each layer keeps."""


Groups = Callable[[Sequence[PrunableLayer]], dict[str, tuple[str, ...]]]
"""Layers -> name of a group -> names of its layers; every layer is in one of them."""


Fits = Callable[[nn.Module, tuple[int, int, int], Sequence[PrunableLayer], PruneSpec], str | None]
"""(network, shape of an image, prunable layers, pruning) -> half a sentence on why that cannot be, or None."""


def anything(
    module: nn.Module, shape: tuple[int, int, int], layers: Sequence[PrunableLayer], spec: PruneSpec
) -> str | None:
    """Prune every network."""
    return None


@dataclass(frozen=True)
class AllocationRule:
    """An allocation as the registry keeps it.

    Attributes
    ----------
    allocate
        The allocation.
    split
        How many weights each layer keeps, where scores have no say in that; None where they have.
    misses
        How far, by design, it may miss the number asked for where scores tie: 0 keeps exactly k, as all but published
        rules do.
    groups
        Layers that share a threshold, where that is neither each for itself nor all together.
    whole
        Whether it removes whole units (channels, one weight of every group) and so keeps what comes nearest to the
        number asked for; what levels keep is planned exactly all the same.
    fits
        (Network, shape of an image, its prunable layers, experiment's pruning) -> why it cannot prune that network so,
        else None. Asked before any compute.
    """

    allocate: Allocation
    split: Split | None = None
    misses: int = 0
    groups: Groups | None = None
    whole: bool = False
    fits: Fits = anything

    def __call__(self, scores: Scores, mask: Mask, request: Request) -> Mask:
        """Return the mask."""
        return self.allocate(scores, mask, request)


A = TypeVar("A", bound=Allocation)


class Allocations(Registry[AllocationRule]):
    """Allocations by name. A plain function is registered by its name alone."""

    def register(
        self,
        name: str,
        *,
        split: Split | None = None,
        misses: int = 0,
        groups: Groups | None = None,
        whole: bool = False,
        fits: Fits = anything,
    ) -> Callable[[A], A]:
        """Return a decorator that files an allocation under `name` (`AllocationRule` says what the rest means)."""
        keep = super().register(name)

        def file(allocate: A) -> A:
            keep(AllocationRule(allocate, split, misses, groups, whole, fits))
            return allocate

        return file

    def register_split(self, name: str) -> Callable[[Split], Split]:
        """Return a decorator that files an allocation of which only the counts per layer are its own.

        Within each layer the lowest scores go. A layer that loses nothing is not looked at.
        """

        def file(split: Split) -> Split:
            def allocate(scores: Scores, mask: Mask, request: Request) -> Mask:
                survivors, gone = surviving_counts(mask, request), {}
                for layer, kept in split(survivors, request).items():
                    if kept < survivors[layer]:
                        values = surviving_scores(layer, scores[layer], mask[layer])
                        gone[layer] = lowest(values, survivors[layer] - kept, tie_generator(request))
                return without(mask, gone)

            self.register(name, split=split)(allocate)
            return split

        return file


allocations = Allocations("allocation")


@allocations.register_split("layerwise")
def layerwise(survivors: Counts, request: Request) -> dict[str, int]:
    """Remove the lowest-scored survivors of each layer by its own rate (Frankle & Carbin 2019).

    Asked for an exact total, every layer loses the same share.
    """
    removal = layerwise_removal(survivors, request)
    return {name: count - removal[name] for name, count in survivors.items()}


@allocations.register("global")
def globally(scores: Scores, mask: Mask, request: Request) -> Mask:
    """Remove the lowest-scored survivors of all layers together; equal scores by (layer order, flat index).

    A floor exempts the best of each layer; other layers lose more instead.
    """
    survivors = surviving_counts(mask, request)
    protected = sum(min(request.floor, number) for number in survivors.values())
    count = overall_removal(sum(survivors.values()), protected, request)
    if not count:
        return mask
    values = {name: surviving_scores(name, scores[name], mask[name]) for name in survivors}
    return without(mask, lowest_together(values, count, request))


def lowest_together(values: Mapping[str, Tensor], count: int, request: Request) -> dict[str, Tensor]:
    """Return which survivors of some layers are the `count` lowest of them all, the best of each layer exempt.

    Parameters
    ----------
    values
        Layer name -> scores of its survivors.
    count
        How many; at most what the request's floor lets go.
    request
        Its floor and its rule for ties are read.
    """
    generator = tie_generator(request)
    open_to_removal = {
        name: lowest(found, max(0, len(found) - request.floor), generator) for name, found in values.items()
    }
    candidates = torch.cat([values[name][chosen] for name, chosen in open_to_removal.items()])
    gone_flat = lowest(candidates, count, generator)
    start = 0
    for chosen in open_to_removal.values():
        stop = start + int(chosen.sum())
        flags = chosen.numpy()
        flags[flags.copy()] = gone_flat[start:stop].numpy()
        start = stop
    return open_to_removal


def surviving_counts(mask: Mask, request: Request) -> dict[str, int]:
    """Return the survivors of each layer, in the request's order, which settles ties."""
    remaining = mask.remaining()
    return {layer.name: remaining[layer.name] for layer in request.layers}
