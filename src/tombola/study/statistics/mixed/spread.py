"""Do workers, or images, differ at all? A likelihood-ratio test of each standard deviation against 0."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy  # scipy.stats takes a second to load, which happens where it is first used

from tombola.study.statistics.mixed.fit import NAMES, SDS, START_SD, Mixed
from tombola.study.statistics.mixed.maximum import climb

EFFECTS: Final = tuple(name for name, sd in zip(NAMES, SDS, strict=True) if sd)


@dataclass(frozen=True)
class Spread:
    """The test of one standard deviation.

    Attributes
    ----------
    chi2
        Twice the loss of log-likelihood without this effect.
    p
        0 is the edge of what a standard deviation can be, so under it half of all chi2 are 0 and half are χ² with one
        degree of freedom: half the p of the latter, and 1 for an estimate of 0. With another standard deviation at 0 as
        well this is approximate.
    """

    chi2: float
    p: float


def spread(found: Mixed, name: str) -> Spread:
    """Test whether a standard deviation is 0: the model is fitted again without it.

    Parameters
    ----------
    found
        The fitted model.
    name
        One of `EFFECTS`.
    """
    if np.isnan(found[name]) or not found.converged:
        return Spread(np.nan, np.nan)
    if found[name] == 0:
        return Spread(0.0, 1.0)
    start = found.at.copy()
    free = found.searched & (np.array(NAMES) != name)
    # what was at 0 beside this effect need not be without it
    start[free & (start == 0) & SDS] = START_SD / 2
    start[NAMES.index(name)] = 0.0
    start[free] = climb(found.likelihood, start, free, np.eye(int(free.sum())) / 100)
    chi2 = max(0.0, 2 * (found.log_likelihood - found.likelihood(start)[0]))
    return Spread(chi2, float(scipy.stats.chi2.sf(chi2, 1)) / 2)
