"""Distances of pairs with the network as a random effect on both sides: d_ij = mean of its kind + u_i + u_j + e_ij.

Pairs that share a network are alike by that network's share, which is what a t test over pairs overlooks (signs
reference, section 5). Variances are estimated by restricted maximum likelihood (Patterson and Thompson 1971), degrees
of freedom by Satterthwaite's approximation from the two strata, networks and pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from tombola.errors import TombolaError

Array = NDArray[np.float64]
LARGEST = 1e4
"""Largest ratio of the variances of networks and of pairs that is looked for."""


@dataclass(frozen=True)
class Contrast:
    """A difference of means of kinds of pairs.

    Attributes
    ----------
    difference
        Its estimate.
    low, high
        Interval.
    df
        Degrees of freedom of the t distribution it is made of.
    """

    difference: float
    low: float
    high: float
    df: float


@dataclass(frozen=True, eq=False)
class CrossedFit:
    """The model fitted to the pairs of some networks.

    Attributes
    ----------
    means
        Estimated mean of each kind of pair, in the order given.
    network_sd, pair_sd
        Standard deviations of u and of e.
    pairs, networks
        How many there were.
    """

    means: Float[np.ndarray, " kind"]
    network_sd: float
    pair_sd: float
    pairs: int
    networks: int
    _weights: Float[np.ndarray, "kind pair"]
    _networks: Float[np.ndarray, "pair network"]
    _df: tuple[int, int]

    def contrast(self, weights: Sequence[float], confidence: float = 0.95) -> Contrast:
        """Return a weighted sum of means with its interval.

        Parameters
        ----------
        weights
            One per kind; (-1/2, -1/2, 1) for between less within.
        confidence
            Coverage, in (0, 1).

        Raises
        ------
        TombolaError
            If `confidence` is outside (0, 1).
        """
        from scipy.stats import t

        if not 0 < confidence < 1:
            raise TombolaError(f"confidence = {confidence}: a coverage between 0 and 1 is needed, such as 0.95")
        of_pairs = np.asarray(weights, np.float64) @ self._weights
        of_networks = self._networks.T @ of_pairs
        parts = self.pair_sd**2 * of_pairs @ of_pairs, self.network_sd**2 * of_networks @ of_networks
        difference, variance = float(np.asarray(weights) @ self.means), sum(parts)
        spread = sum(part**2 / df for part, df in zip(parts, self._df, strict=True) if df)
        if variance <= 0 or not self._df[0]:
            nothing = float("nan")
            return Contrast(difference, nothing, nothing, float(self._df[0]))
        df = float(variance**2 / spread)
        half = float(t.ppf((1 + confidence) / 2, df) * np.sqrt(variance))
        return Contrast(difference, difference - half, difference + half, df)


def crossed_fit(
    distances: Float[np.ndarray, "network network"],
    kinds: Sequence[Bool[np.ndarray, "network network"]],
) -> CrossedFit:
    """Fit the model to the pairs above the diagonal that belong to some kind; NaN is no pair.

    Parameters
    ----------
    distances
        Symmetric.
    kinds
        Which pairs are of each kind; no pair of two.

    Raises
    ------
    TombolaError
        If a kind has no pair.
    """
    values = np.asarray(distances, np.float64)
    upper = np.triu(np.ones(values.shape, bool), 1) & ~np.isnan(values)
    one, two = np.nonzero(upper & np.any(np.asarray(kinds), axis=0))
    design = np.stack([np.asarray(kind)[one, two] for kind in kinds], 1).astype(np.float64)
    if not len(one) or not design.any(0).all():
        raise TombolaError("a kind of pairs has no distances, so it has no mean to compare")
    networks = _incidence(one, two)
    y = values[one, two]
    ratio = _ratio(y, design, networks)
    inverse = _inverse(networks, ratio)
    weights = np.linalg.solve(design.T @ inverse @ design, design.T @ inverse)
    means = weights @ y
    rank = int(np.linalg.matrix_rank(design))
    both = int(np.linalg.matrix_rank(np.concatenate([design, networks], 1)))
    residual = y - design @ means
    pair_variance = max(float(residual @ inverse @ residual) / max(len(y) - rank, 1), 0.0)
    return CrossedFit(
        means=means,
        network_sd=float(np.sqrt(ratio * pair_variance)),
        pair_sd=float(np.sqrt(pair_variance)),
        pairs=len(y),
        networks=networks.shape[1],
        _weights=weights,
        _networks=networks,
        _df=(len(y) - both, both - rank),
    )


def _incidence(one: Int[np.ndarray, " pair"], two: Int[np.ndarray, " pair"]) -> Array:
    """Return which networks each pair is of."""
    known, places = np.unique(np.concatenate([one, two]), return_inverse=True)
    found = np.zeros((len(one), len(known)))
    for side in np.split(places, 2):
        found[np.arange(len(one)), side] = 1
    return found


def _inverse(networks: Array, ratio: float) -> Array:
    """Return the inverse of I + ratio Z Z', by Woodbury's identity: Z has few columns."""
    inner = np.eye(networks.shape[1]) + ratio * networks.T @ networks
    return np.asarray(np.eye(len(networks)) - ratio * networks @ np.linalg.solve(inner, networks.T))


def _ratio(y: Array, design: Array, networks: Array) -> float:
    """Return the ratio of variances of networks and pairs that is likeliest (restricted); 0 where none is likelier."""
    from scipy.optimize import minimize_scalar

    freedom = len(y) - np.linalg.matrix_rank(design)
    if freedom < 2 or np.ptp(y) == 0:
        return 0.0

    def loss(ratio: float) -> float:
        inverse = _inverse(networks, ratio)
        inside = design.T @ inverse @ design
        residual = y - design @ np.linalg.solve(inside, design.T @ inverse @ y)
        inner = np.eye(networks.shape[1]) + ratio * networks.T @ networks
        least = max(float(residual @ inverse @ residual), 1e-300)
        return float(np.linalg.slogdet(inner)[1] + np.linalg.slogdet(inside)[1] + freedom * np.log(least))

    found = minimize_scalar(lambda log: loss(np.exp(log)), bounds=(np.log(1e-4), np.log(LARGEST)), method="bounded")
    return float(np.exp(found.x)) if found.fun < loss(0.0) else 0.0
