"""How many weights go from where: pure arithmetic on survivor counts, shared by allocations and schedules."""

from collections.abc import Mapping
from fractions import Fraction

from tombola.errors import TombolaError
from tombola.pruning.request import Request
from tombola.pruning.rounding import removed_at_rate

Counts = Mapping[str, int]
"""Layer name -> number of weights."""


def layerwise_removal(survivors: Counts, request: Request) -> dict[str, int]:
    """Return how many weights each layer loses when layers are treated one by one.

    With rates: round(survivors x rate) of each layer, less where the floor protects it. With exact counts: down to
    those. With an exact total: every layer loses the same share as nearly as whole numbers allow (largest remainders),
    floors first.

    Raises
    ------
    TombolaError
        If the exact total or counts cannot be met.
    """
    if request.counts is not None:
        for name, count in survivors.items():
            if not 0 <= request.counts[name] <= count:
                raise TombolaError(f"{request.counts[name]} weights of '{name}' should remain and {count} survive")
        return {name: count - request.counts[name] for name, count in survivors.items()}
    if request.keep is not None:
        least = {name: min(request.floor, count) for name, count in survivors.items()}
        _check(request.keep, sum(survivors.values()), sum(least.values()), request)
        kept = _apportion(survivors, request.keep, least)
        return {name: count - kept[name] for name, count in survivors.items()}
    removal = {}
    for name, count in survivors.items():
        wanted = removed_at_rate(count, request.rates[name], request.rounding)
        removal[name] = min(wanted, max(0, count - request.floor))
    return removal


def overall_removal(survivors: int, protected: int, request: Request) -> int:
    """Return how many weights all layers together lose: round(survivors x rate), or what leaves the exact total.

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
    if keep is None:
        keep = survivors - removed_at_rate(survivors, request.rate, request.rounding)
    _check(keep, survivors, protected, request)
    return survivors - keep


def _check(keep: int, survivors: int, protected: int, request: Request) -> None:
    if keep > survivors:
        raise TombolaError(f"{keep} weights should remain and only {survivors} survive; ask for a lower density")
    if keep < protected:
        raise TombolaError(
            f"floor = {request.floor} protects {protected} weights in {len(request.layers)} layers and only {keep} may "
            "remain; lower the floor or prune less"
        )


def _apportion(survivors: Counts, keep: int, least: Counts) -> dict[str, int]:
    """Share `keep` out in proportion to survivors, no layer below its least, to the exact total."""
    kept: dict[str, int] = {}
    free = dict(survivors)
    while True:
        rest, total = keep - sum(kept.values()), sum(free.values())
        quotas = {name: Fraction(rest * count, total) if total else Fraction(0) for name, count in free.items()}
        short = [name for name, quota in quotas.items() if quota < least[name]]
        if not short:
            break
        for name in short:
            kept[name] = least[name]
            del free[name]
    whole = {name: int(quota) for name, quota in quotas.items()}
    left = rest - sum(whole.values())
    by_remainder = sorted(quotas, key=lambda name: whole[name] - quotas[name])  # stable: earlier layers first
    for name in by_remainder[:left]:
        whole[name] += 1
    return kept | whole
