"""How many weights go from where: pure arithmetic on survivor counts, shared by allocations and schedules."""

from collections.abc import Mapping, Sequence
from functools import partial

from tombola.errors import TombolaError
from tombola.pruning.request import Request
from tombola.pruning.rounding import removed_at_rate, survivors_at
from tombola.pruning.sharing import shared_out

Counts = Mapping[str, int]
"""Layer name -> number of weights."""


def layerwise_removal(survivors: Counts, request: Request) -> dict[str, int]:
    """Return how many weights each layer loses when layers are treated one by one.

    With rates: round(survivors x rate) of each layer, less where the floor protects it. With a compression rate: down
    to what it leaves of all the layer's weights. With exact counts: down to those. With an exact total: every layer
    loses the same share as nearly as whole numbers allow (`shared_out`), and never more with a larger total.

    Raises
    ------
    TombolaError
        If the exact total or counts cannot be met.
    """
    if request.counts is not None:
        kept = checked_counts(survivors, request.counts)
        return {name: count - kept[name] for name, count in survivors.items()}
    if request.keep is not None:
        least = {name: min(request.floor, count) for name, count in survivors.items()}
        check_total(request.keep, sum(survivors.values()), sum(least.values()), request)
        kept = apportion(survivors, request.keep, least)
        return {name: count - kept[name] for name, count in survivors.items()}
    if request.compression is not None:
        sizes = {layer.name: layer.size for layer in request.layers}
        aims = {name: survivors_at(sizes[name], request.compression) for name in survivors}
        return {name: max(0, count - max(aims[name], request.floor)) for name, count in survivors.items()}
    removal = {}
    for name, count in survivors.items():
        wanted = removed_at_rate(count, request.rates[name], request.rounding)
        removal[name] = min(wanted, max(0, count - request.floor))
    return removal


def overall_removal(survivors: int, protected: int, request: Request) -> int:
    """Return how many weights all layers together lose: by rate, by compression rate, or what leaves the exact total.

    Parameters
    ----------
    survivors
        Over all layers.
    protected
        Those among them that the floors hold.
    request
        Rate or exact total, rounding, floor.

    Raises
    ------
    TombolaError
        If the total cannot be met: more than what survives, or less than what the floors protect.
    """
    keep = request.keep
    if keep is None and request.compression is not None:
        keep = survivors_at(sum(layer.size for layer in request.layers), request.compression)
        keep = min(keep, survivors)
    elif keep is None:
        keep = survivors - removed_at_rate(survivors, request.rate, request.rounding)
    check_total(keep, survivors, protected, request)
    return survivors - keep


def check_total(keep: int, survivors: int, protected: int, request: Request) -> None:
    """Refuse a total of more than what survives, or less than what floors protect.

    Raises
    ------
    TombolaError
        Saying which.
    """
    if keep > survivors:
        raise TombolaError(f"{keep} weights should remain and only {survivors} survive; ask for a lower density")
    if keep < protected:
        raise TombolaError(
            f"floor = {request.floor} protects {protected} weights in {len(request.layers)} layers and only {keep} may "
            "remain; lower the floor or prune less"
        )


def checked_counts(survivors: Counts, counts: Counts) -> dict[str, int]:
    """Return the counts of the surviving layers, refused where there are not that many.

    Raises
    ------
    TombolaError
        Naming the layer.
    """
    for name, count in survivors.items():
        if not 0 <= counts[name] <= count:
            raise TombolaError(f"{counts[name]} weights of '{name}' should remain and {count} survive")
    return {name: counts[name] for name in survivors}


def apportion(survivors: Counts, keep: int, least: Counts) -> dict[str, int]:
    """Share `keep` out in proportion to survivors, no layer below its least, to the exact total."""
    numbers = list(survivors.values())
    curve = partial(_proportional, numbers)
    return dict(zip(survivors, shared_out(curve, numbers, [least[name] for name in survivors], keep), strict=True))


def _proportional(numbers: Sequence[int], scale: float) -> list[float]:
    return [scale * number for number in numbers]
