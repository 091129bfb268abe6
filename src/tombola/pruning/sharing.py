"""Sharing a total out over layers: whole numbers that never grow where the total falls."""

import math
from collections.abc import Callable, Sequence

Curve = Callable[[float], Sequence[float]]
"""Scale -> how many weights every layer would keep at it, not yet whole. Grows with the scale, from nothing on."""


def shared_out(curve: Curve, most: Sequence[int], least: Sequence[int], total: int) -> list[int]:
    """Return how many weights every layer keeps so that all keep `total`.

    The scale is sought at which a curve's numbers, rounded and bounded, add up to the total (Webster's method). Where
    several layers pass a half at once, earlier ones take the next weight first. With a smaller total no layer keeps
    more, so the results for falling totals are nested, and none depends on those before.

    Parameters
    ----------
    curve
        What each layer ought to keep at a scale.
    most, least
        Bounds of every layer.
    total
        Between the sums of `least` and of `most`; the curve has to reach it.
    """

    def counts(scale: float) -> list[int]:
        return [
            max(low, min(high, math.floor(number + 0.5)))
            for number, high, low in zip(curve(scale), most, least, strict=True)
        ]

    below, above = 0.0, 1.0
    while sum(counts(above)) < total:
        above *= 2
        if math.isinf(above):
            raise ValueError(f"a curve of at most {sum(counts(1e300))} weights does not reach {total}")
    while below < (middle := (below + above) / 2) < above:
        if sum(counts(middle)) < total:
            below = middle
        else:
            above = middle
    result, after = counts(below), counts(above)
    missing = total - sum(result)
    for position, (now, then) in enumerate(zip(result, after, strict=True)):
        step = max(0, min(then - now, missing))
        result[position] += step
        missing -= step
    return result
