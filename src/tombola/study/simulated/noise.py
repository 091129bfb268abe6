"""Random numbers that depend on a seed and on what they are for, never on what was drawn before them."""

import numpy as np
from scipy.special import ndtri

from tombola.streams import stream_seed

STEPS = 2**53


class Noise:
    """A stream of random numbers, the same with every version of every library.

    Raw words of PCG64, whose stream NumPy guarantees (NEP 19).
    """

    def __init__(self, seed: int, purpose: str, *coordinates: int | str) -> None:
        self._words = np.random.PCG64(stream_seed(seed, f"study/simulated/{purpose}", *coordinates))

    def uniform(self) -> float:
        """Return a number between 0 and 1, both excluded."""
        return ((int(self._words.random_raw()) >> 11) + 0.5) / STEPS

    def normal(self) -> float:
        """Return a standard normal number."""
        return float(ndtri(self.uniform()))

    def below(self, bound: int) -> int:
        """Return a whole number from 0 to `bound` - 1."""
        return int(self.uniform() * bound)
