"""How many replicates it takes to show a difference of a given size."""

from dataclasses import dataclass

import numpy as np
import scipy  # scipy.stats takes a second to load, which happens where it is first used

from tombola.analysis.intervals import CONFIDENCE
from tombola.errors import TombolaError

EFFECT = 0.002
"""The difference to be shown: 0.2 percentage points."""

POWER = 0.8
MOST = 100_000
"""Beyond so many replicates the answer is "never"."""


@dataclass(frozen=True)
class Need:
    """How many replicates would show a difference.

    Attributes
    ----------
    effect
        The true difference that is to be found.
    spread
        Standard deviation of the paired differences it was computed from; NaN where it is not known.
    replicates
        The smallest number whose paired t test finds it with a probability of 80 %; None where the spread is not
        known, or the number exceeds 100,000.
    low, high
        The same for the ends of the 95 % interval of the spread, which few replicates know badly.
    """

    effect: float
    spread: float
    replicates: int | None
    low: int | None = None
    high: int | None = None


def paired_power(n: int, spread: float, effect: float = EFFECT, alpha: float = 1 - CONFIDENCE) -> float:
    """Return the probability that a two-sided paired t test over n pairs finds a true difference.

    Exact under normal differences: the noncentral t distribution with n - 1 degrees of freedom and noncentrality
    ``effect / spread * sqrt(n)`` (Cohen 1988, Statistical Power Analysis, chapter 2).

    Parameters
    ----------
    n
        Number of pairs; below 2 there is no test and the power is 0.
    spread
        Standard deviation of the paired differences, above 0.
    effect
        The true mean difference, in the same unit.
    alpha
        Significance level of the test.

    Examples
    --------
    >>> round(paired_power(34, spread=1.0, effect=0.5), 3)
    0.808
    """
    if spread <= 0:
        raise TombolaError(f"spread = {spread:g}: a standard deviation above 0 is needed")
    if n < 2:
        return 0.0
    shift = abs(effect) / spread * np.sqrt(n)
    critical = scipy.stats.t.isf(alpha / 2, n - 1)
    found = scipy.stats.nct.sf(critical, n - 1, shift) + scipy.stats.nct.cdf(-critical, n - 1, shift)
    return 1.0 if np.isnan(found) else float(found)  # scipy gives up only far out, where power is 1


def replicates_needed(
    spread: float, effect: float = EFFECT, power: float = POWER, alpha: float = 1 - CONFIDENCE
) -> int | None:
    """Return the smallest number of replicates whose paired t test finds a difference with the given probability.

    None where the spread is unknown (NaN) or more than 100,000 would be needed. Without any spread two suffice.

    Examples
    --------
    >>> replicates_needed(spread=1.0, effect=0.5), replicates_needed(spread=1.0, effect=0.8)
    (34, 15)
    """
    if effect == 0 or not 0 < power < 1:
        raise TombolaError(f"effect = {effect:g}, power = {power:g}: an effect other than 0 and a power in (0, 1) fit")
    if np.isnan(spread):
        return None
    if spread == 0:
        return 2
    # the normal approximation is a lower bound, so the search starts there; it is off by a few replicates only
    size = (scipy.stats.norm.isf(alpha / 2) + scipy.stats.norm.isf(1 - power)) * spread / abs(effect)
    start = max(2, int(size**2)) if size**2 <= MOST else MOST + 1
    return next((n for n in range(start, MOST + 1) if paired_power(n, spread, effect, alpha) >= power), None)


def need(spread: float, n: int, effect: float = EFFECT) -> Need:
    """Return how many replicates would show a difference, and the range that n replicates leave for it.

    Parameters
    ----------
    spread
        Standard deviation of the paired differences of n replicates.
    n
        How many pairs it comes from: the interval of the spread is that of chi-squared with n - 1 degrees of freedom.
    effect
        The difference to be shown.
    """
    if np.isnan(spread) or n < 2 or spread == 0:
        return Need(effect, spread, None)
    inside = [scipy.stats.chi2.isf((1 - CONFIDENCE) / 2, n - 1), scipy.stats.chi2.ppf((1 - CONFIDENCE) / 2, n - 1)]
    low, high = (replicates_needed(spread * float(np.sqrt((n - 1) / q)), effect) for q in inside)
    return Need(effect, spread, replicates_needed(spread, effect), low, high)
