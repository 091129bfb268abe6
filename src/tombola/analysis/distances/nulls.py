"""How far apart two networks would be without structure: null distributions of a distance, and its closed form."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from jaxtyping import Float

from tombola.analysis.distances.entries import network_distance
from tombola.analysis.distances.network import Network
from tombola.analysis.distances.null_models import null_models
from tombola.analysis.distances.settings import PLAIN, Settings
from tombola.errors import TombolaError
from tombola.streams import stream_seed
from tombola.telling import Tell, silent, walked

DRAWS = 20
"""Pairs of null networks by default: enough for a standard deviation within a sixth of itself."""
WHOLE = "all"
"""What tables call the mean over layers."""


@dataclass(frozen=True)
class Null:
    """The null distribution of one distance.

    Attributes
    ----------
    model
        Which null model.
    values
        Distances of pairs of null networks.
    """

    model: str
    values: Float[np.ndarray, " draw"]

    @property
    def mean(self) -> float:
        """Mean of the draws."""
        return float(np.mean(self.values))

    @property
    def sd(self) -> float:
        """Standard deviation of the draws (n - 1); NaN for a single one."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else float("nan")

    def z(self, value: float) -> float:
        """Return how many standard deviations a distance lies above the mean; NaN where the null has no spread."""
        spread = self.sd > 1e-12
        return (value - self.mean) / self.sd if spread else float("nan")

    def percentile(self, value: float) -> float:
        """Return the percentage of draws below a distance, equal ones counting half."""
        below = np.count_nonzero(self.values < value - 1e-12)
        equal = np.count_nonzero(np.abs(self.values - value) <= 1e-12)
        return 100 * (below + equal / 2) / len(self.values)


class NullNetworks:
    """Null versions of networks, which are the same in every pair they are in.

    Parameters
    ----------
    model
        Name of the null model.
    draws
        Versions of each network.
    seed
        Each network's versions depend on the seed, the model and its label only.

    Raises
    ------
    TombolaError
        If the model is unknown, or nothing is to be drawn.
    """

    def __init__(self, model: str, draws: int = DRAWS, seed: int = 0) -> None:
        if draws < 1:
            raise TombolaError(f"draws = {draws}: a null distribution needs at least one")
        self.model, self.draws, self.seed = model, draws, seed
        self._make = null_models[model]

    def version(self, network: Network, draw: int) -> Network:
        """Return one null version of a network."""
        seed = stream_seed(self.seed, "null", self.model, network.label, draw)
        return self._make(network, np.random.default_rng(seed))

    def distribution(self, one: Network, two: Network, entry: str, settings: Settings = PLAIN) -> dict[str, Null]:
        """Return the null distribution of every layer's distance, and of their mean (under `WHOLE`)."""
        return self.distributions([(one, two)], (entry,), settings)[0, entry]

    def distributions(
        self,
        pairs: Sequence[tuple[Network, Network]],
        entries: Sequence[str],
        settings: Settings = PLAIN,
        tell: Tell = silent,
    ) -> dict[tuple[int, str], dict[str, Null]]:
        """Return the same of many pairs and distances, by place of the pair and entry.

        One draw after the other: no more than one version of each network is in memory at a time.
        """
        found: dict[tuple[int, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for draw in walked(range(self.draws), f"null model {self.model}, draws", tell):
            version = cache(partial(self.version, draw=draw))
            for number, (one, two) in enumerate(pairs):
                for entry in entries:
                    distance = network_distance(version(one), version(two), entry, settings)
                    values = found[number, entry]
                    values[WHOLE].append(distance.value)
                    for layer in distance.layers:
                        values[layer.layer].append(layer.value)
        return {
            place: {layer: Null(self.model, np.array(values)) for layer, values in layers.items()}
            for place, layers in found.items()
        }


def unmatched_expectation(entry: str, densities: Sequence[float]) -> float:
    """Return the expected distance of two independent random masks whose units are not matched.

    With densities p and q two positions are shared with probability pq and kept by either with p + q - pq; signs agree
    half of the time (signs reference, section 12.3; for p = q: 1 - p / (2 - p), and 1 - p / 2(2 - p) with signs).

    Parameters
    ----------
    entry
        A distance of the NNSTD or SaSD family.
    densities
        Of the two masks.

    Returns
    -------
    float
        NaN for other distances, and where both masks are empty.

    Examples
    --------
    >>> round(unmatched_expectation("nnstd", (0.1, 0.1)), 3), round(unmatched_expectation("sasd", (0.1, 0.1)), 3)
    (0.947, 0.974)
    """
    p, q = densities
    shares = {"nnstd": 1.0, "sasd": 0.5}
    family = entry.partition("-")[0]
    if family not in shares or p + q == 0:
        return float("nan")
    return 1 - shares[family] * p * q / (p + q - p * q)
