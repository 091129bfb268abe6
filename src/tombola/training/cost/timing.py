"""Timing small pieces of work."""

from collections.abc import Callable
from itertools import pairwise
from math import log
from time import perf_counter


def seconds(action: Callable[[], object], repeats: int = 3, *, warm: bool = True) -> float:
    """Return the least wall time of an action, the one least disturbed; one more call, not counted, warms up."""
    if warm:
        action()
    times = []
    for _ in range(repeats):
        began = perf_counter()
        action()
        times.append(perf_counter() - began)
    return min(times)


def between(curve: list[tuple[float, float]], place: float) -> float:
    """Return a measured curve (place, value; ascending) at a place, linear in the logarithm, level beyond its ends."""
    if place <= curve[0][0]:
        return curve[0][1]
    for (left, low), (right, high) in pairwise(curve):
        if place <= right:
            return low + (high - low) * log(place / left) / log(right / left)
    return curve[-1][1]
