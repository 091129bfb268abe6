"""The maximum of a smooth function of few parameters whose gradient is exact, some of them standard deviations.

The function is even in every standard deviation, so that none needs a bound: a search may cross 0, and signs are
dropped at the end. One that has come to 0 is put there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy  # its parts are loaded where they are first used
from jaxtyping import Bool, Float
from numpy.typing import NDArray

Array = NDArray[np.float64]
Function = Callable[[Array], tuple[float, Array]]
"""Parameters -> value and gradient."""

SLOPE: Final = 1e-4
"""Gradient that a climb ends with: parameters are near the maximum, the value is there."""
FLAT: Final = 1e-7
"""Gradient of a maximum."""
NOTHING: Final = 0.01
"""A standard deviation below this is tried at 0."""
STEP: Final = 1e-4
"""Of the differences of gradients."""
CHORDS: Final = 20


@dataclass(frozen=True, eq=False)
class Maximum:
    """A maximum.

    Attributes
    ----------
    at
        Parameters; standard deviations are not negative.
    value
        The function there.
    free
        Parameters that were searched and did not end at the boundary 0.
    information
        Second derivatives in all parameters with their sign turned; 0 in rows and columns of those that are not free.
    found
        Whether it is one: no slope in any free parameter, and curved downwards in all directions.
    """

    at: Float[np.ndarray, " parameter"]
    value: float
    free: Bool[np.ndarray, " parameter"]
    information: Float[np.ndarray, "parameter parameter"]
    found: bool

    @property
    def covariance(self) -> Float[np.ndarray, "parameter parameter"]:
        """Inverse of the information in the free parameters, NaN if there is no maximum, and 0 elsewhere."""
        both = np.ix_(self.free, self.free)
        found = np.zeros_like(self.information)
        found[both] = np.linalg.inv(self.information[both]) if self.found else np.nan
        return found


def maximise(
    function: Function,
    start: Float[np.ndarray, " parameter"],
    free: Bool[np.ndarray, " parameter"],
    sds: Bool[np.ndarray, " parameter"],
) -> Maximum:
    """Return the maximum of a function.

    Parameters
    ----------
    function
        What to maximise.
    start
        Where to begin; a standard deviation of exactly 0 would stay there, as the slope is 0.
    free
        Which parameters to search; the others stay as they are.
    sds
        Which parameters are standard deviations.
    """
    at, free = start.copy(), free.copy()
    while True:
        at[free] = climb(function, at, free, np.eye(int(free.sum())) / 100)
        information = _information(function, at, free)
        at, gradient = _polish(function, at, free, information)
        at[sds] = np.abs(at[sds])
        nothing = free & sds & (at < NOTHING)
        value = function(at)[0]
        put = np.where(nothing, 0.0, at)
        if not nothing.any() or function(put)[0] < value - 1e-6:
            break
        at, free = put, free & ~nothing
    flat = np.abs(gradient[free]).max(initial=0.0) < FLAT
    curved = np.linalg.eigvalsh(information[np.ix_(free, free)]).min(initial=np.inf) > 0
    return Maximum(at, value, free, information, bool(flat and curved))


def climb(function: Function, start: Array, free: NDArray[np.bool_], inverse: Array) -> Array:
    """Return the free parameters near a maximum, by BFGS; `inverse` is a guess of the inverse information."""
    at = start.copy()

    def down(values: Array) -> tuple[float, Array]:
        at[free] = values
        value, gradient = function(at)
        return -value, -gradient[free]

    found = scipy.optimize.minimize(
        down, start[free], jac=True, method="BFGS", options={"gtol": SLOPE, "hess_inv0": inverse}
    )
    return np.asarray(found.x, np.float64)


def _information(function: Function, at: Array, free: NDArray[np.bool_]) -> Array:
    found = np.zeros((len(at), len(at)))
    for i in np.flatnonzero(free):
        step = STEP * np.eye(len(at))[i]
        found[i] = (function(at - step)[1] - function(at + step)[1]) / (2 * STEP)
    found[:, ~free] = 0
    return (found + found.T) / 2


def _polish(function: Function, at: Array, free: NDArray[np.bool_], information: Array) -> tuple[Array, Array]:
    """Return the maximum nearby and the gradient there, by Newton's method with one information for all steps."""
    both = np.ix_(free, free)
    gradient = function(at)[1]
    for _ in range(CHORDS):
        if np.abs(gradient[free]).max(initial=0.0) < FLAT:
            break
        step = np.zeros_like(at)
        step[free] = np.linalg.lstsq(information[both], gradient[free])[0]
        there = function(at + step)[1]
        if not np.abs(there[free]).max() < np.abs(gradient[free]).max():
            break
        at, gradient = at + step, there
    return at, gradient
