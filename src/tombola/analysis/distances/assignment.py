"""Exact one-to-one assignment of units, with ties broken by rule."""

import numpy as np
from jaxtyping import Float

from tombola.analysis.distances.units import Order

TIE = 1e-9
"""Weight of what breaks ties. Costs are shares, and those that differ at all differ by more than this per unit."""
PLACE = 0.01
"""Among units that nothing tells apart, each keeps its own place, if it can."""


def assign(
    cost: Float[np.ndarray, "unit unit"],
    ties: Float[np.ndarray, "unit unit"] | None = None,
    *,
    places: bool = True,
) -> Order:
    """Return for each row the column assigned to it, so that the costs add up to the least possible.

    Parameters
    ----------
    cost
        Distances; rows are units of the first network.
    ties
        In [0, 1]: decides between assignments of equal cost.
    places
        Whether what is still undecided prefers the diagonal.
    """
    from scipy.optimize import linear_sum_assignment

    total = np.array(cost, np.float64)
    if ties is not None:
        total += TIE * ties
    if places:
        total -= TIE * PLACE * np.eye(len(total))
    return np.asarray(linear_sum_assignment(total)[1])
