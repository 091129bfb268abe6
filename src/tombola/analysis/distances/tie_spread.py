"""How much of a distance hangs on ties: units that nothing but their place tells apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tombola.analysis.distances.entries import network_distance
from tombola.analysis.distances.network import Network
from tombola.analysis.distances.settings import PLAIN, Settings
from tombola.errors import TombolaError
from tombola.streams import stream_seed


@dataclass(frozen=True)
class TieSpread:
    """A distance under the fixed tie rule and under random ones.

    Attributes
    ----------
    value
        Under the fixed rule: colours, then places.
    values
        With ties broken at random.
    """

    value: float
    values: Sequence[float]

    @property
    def lowest(self) -> float:
        """Smallest of all."""
        return min(self.value, *self.values)

    @property
    def highest(self) -> float:
        """Largest of all."""
        return max(self.value, *self.values)

    @property
    def sd(self) -> float:
        """Population standard deviation of the random ones."""
        return float(np.std(self.values))


def tie_spread(
    one: Network, two: Network, entry: str = "sasd", settings: Settings = PLAIN, *, repeats: int = 10, seed: int = 0
) -> TieSpread:
    """Return the distance of two networks with ties broken by rule and, several times, at random.

    Published entries have a tie rule of their own (the first one found) and no spread.

    Parameters
    ----------
    one, two, entry, settings
        As in `network_distance`.
    repeats
        Random tie-breaks.
    seed
        Of them.

    Raises
    ------
    TombolaError
        If nothing is to be repeated.
    """
    if repeats < 1:
        raise TombolaError(f"repeats = {repeats}: a spread over ties needs at least one random tie-break")
    seeds = [stream_seed(seed, "tie-spread", number) for number in range(repeats)]
    values = [network_distance(one, two, entry, settings.but(tie_seed=s)).value for s in seeds]
    return TieSpread(network_distance(one, two, entry, settings).value, tuple(values))
