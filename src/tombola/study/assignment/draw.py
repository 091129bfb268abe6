"""Random choices that are the same with every version of every library."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from tombola.streams import stream_seed

T = TypeVar("T")


class Draw:
    """A stream of random choices from a seed and a purpose.

    It uses raw words of PCG64, whose stream NumPy guarantees (NEP 19). The remainder of a 64-bit word by a small number
    is uniform to better than one in 10^15.
    """

    def __init__(self, seed: int, purpose: str, *coordinates: int | str) -> None:
        self._words = np.random.PCG64(stream_seed(seed, f"study/{purpose}", *coordinates))

    def below(self, bound: int) -> int:
        """Return a whole number from 0 to `bound` - 1."""
        return int(self._words.random_raw()) % bound

    def choice(self, items: Sequence[T]) -> T:
        """Return one of the items."""
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return the items in random order (Fisher & Yates)."""
        result = list(items)
        for last in range(len(result) - 1, 0, -1):
            other = self.below(last + 1)
            result[last], result[other] = result[other], result[last]
        return result
