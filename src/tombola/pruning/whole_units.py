"""What allocations of whole units share: layers that lose equal pieces of their weights, counted exactly."""

from collections.abc import Callable, Mapping

from tombola.errors import TombolaError
from tombola.networks import PrunableLayer
from tombola.pruning.removal import Counts
from tombola.pruning.request import Request
from tombola.pruning.rounding import removed_at_rate, survivors_at

Units = Callable[[PrunableLayer, Request], int]
"""(layer, request) -> how many equal units it is pruned by; 1 leaves it as it is."""


def units_left(units: Units, survivors: Counts, request: Request) -> dict[str, int]:
    """Return how many weights each layer keeps where only whole units of it can go.

    By rates per layer, a compression rate or counts: of its units, exactly. By a total: every layer keeps the share of
    its units that comes nearest. A floor of weights holds as many units as it touches.

    Parameters
    ----------
    units
        Says how many units a layer has.
    survivors
        Weights per layer.
    request
        What is asked for.

    Raises
    ------
    TombolaError
        If survivors, or counts asked for, are no whole units.
    """
    layers = {layer.name: layer for layer in request.layers}
    numbers = {name: units(layers[name], request) for name in survivors}
    free = {name for name, number in numbers.items() if number > 1}
    fixed = sum(survivors[name] for name in survivors if name not in free)
    share = _share(sum(survivors[name] for name in free), fixed, request)
    kept = dict(survivors)
    for name in free:
        worth = layers[name].size // numbers[name]
        now = _whole(name, survivors[name], worth)
        left = _left(name, now, worth, numbers[name], request, share)
        kept[name] = worth * max(min(now, -(-request.floor // worth)), left)
    return kept


def _share(free: int, fixed: int, request: Request) -> tuple[int, int] | None:
    """Return the share of units that a total leaves, as a fraction; None where no total is asked for."""
    if request.keep is None or request.counts is not None:
        return None
    return max(0, min(free, request.keep - fixed)), max(1, free)


def _left(name: str, now: int, worth: int, units: int, request: Request, share: tuple[int, int] | None) -> int:
    if request.counts is not None:
        wanted = _whole(name, request.counts[name], worth)
        if wanted > now:
            raise TombolaError(f"{request.counts[name]} weights of '{name}' should remain and {now * worth} survive")
        return wanted
    if request.compression is not None:
        return min(now, survivors_at(units, request.compression))
    if share is not None:
        return (2 * now * share[0] + share[1]) // (2 * share[1])
    return now - removed_at_rate(now, request.rates[name], request.rounding)


def _whole(name: str, weights: int, worth: int) -> int:
    number, rest = divmod(weights, worth)
    if rest:
        raise TombolaError(
            f"{weights} weights of '{name}' are no whole number of units of {worth}; begin with a dense layer, or take "
            "an allocation of single weights (layerwise)"
        )
    return number


def split_of(units: Units) -> Callable[[Counts, Request], dict[str, int]]:
    """Return the counts per layer of an allocation by its units."""

    def split(survivors: Mapping[str, int], request: Request) -> dict[str, int]:
        return units_left(units, survivors, request)

    return split
