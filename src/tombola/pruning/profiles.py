"""Profiles: allocations whose counts per layer follow from shapes and the total. Adding one is a function and a line.

All keep exact totals. A layer that would keep more than it has keeps what it has, and the rest goes where the profile
says; a floor raises what a layer keeps. A level that keeps fewer weights than another keeps no more in any layer.
"""

from collections.abc import Callable, Sequence

from tombola.networks import PrunableLayer
from tombola.pruning.allocation import allocations
from tombola.pruning.removal import Counts, checked_counts, overall_removal
from tombola.pruning.request import Request
from tombola.pruning.sharing import Curve, shared_out

Profile = Callable[[Sequence[PrunableLayer], Sequence[int]], Curve]
"""(layers, most that each can keep) -> what each would keep, by a scale."""


def register_profile(name: str) -> Callable[[Profile], Profile]:
    """Return a decorator that files a profile as an allocation."""

    def file(profile: Profile) -> Profile:
        def split(survivors: Counts, request: Request) -> dict[str, int]:
            return profile_counts(profile, survivors, request)

        allocations.register_split(name)(split)
        return profile

    return file


def profile_counts(profile: Profile, survivors: Counts, request: Request) -> dict[str, int]:
    """Return how many weights each layer keeps by a profile.

    The total is the request's, or what its overall rate leaves of the survivors. Layers that survivors of another
    profile are left in keep at most those.

    Raises
    ------
    TombolaError
        If the total or the counts asked for cannot be met.
    """
    if request.counts is not None:
        return checked_counts(survivors, request.counts)
    layers = [layer for layer in request.layers if layer.name in survivors]
    least = [min(request.floor, survivors[layer.name]) for layer in layers]
    total = sum(survivors.values())
    total -= overall_removal(total, sum(least), request)
    sizes, most = [layer.size for layer in layers], [survivors[layer.name] for layer in layers]
    counts = shared_out(profile(layers, sizes), sizes, least, total)
    if any(count > there for count, there in zip(counts, most, strict=True)):
        counts = shared_out(profile(layers, most), most, least, total)
    return {layer.name: count for layer, count in zip(layers, counts, strict=True)}


@register_profile("uniform")
def uniform(layers: Sequence[PrunableLayer], most: Sequence[int]) -> Curve:
    """Keep the same share of every layer."""
    sizes = [layer.size for layer in layers]
    return lambda scale: [min(high, scale * size) for size, high in zip(sizes, most, strict=True)]


@register_profile("erk")
def erk(layers: Sequence[PrunableLayer], most: Sequence[int]) -> Curve:
    """Keep as many weights as the sizes of a layer's dimensions add up to, times a factor (Evci et al. 2020).

    The density of a convolution is proportional to (inputs + outputs + height + width) over their product
    (Erdos-Renyi kernel), of a linear layer to (inputs + outputs) over theirs. Layers that would be denser than dense
    are dense, and the factor of all others is raised until the total fits.
    """
    dimensions = [sum(layer.shape) for layer in layers]
    return lambda scale: [min(high, scale * number) for number, high in zip(dimensions, most, strict=True)]


@register_profile("equal-count")
def equal_count(layers: Sequence[PrunableLayer], most: Sequence[int]) -> Curve:
    """Keep the same number of weights in every layer, or all it has."""
    return lambda scale: [min(high, scale) for high in most]
