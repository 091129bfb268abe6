"""Two one-sided tests: the way to say "no difference". Reference: explainability 11.6; Schuirmann 1987."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy  # scipy.stats takes a second to load, which happens where it is first used

from tombola.errors import TombolaError

ALPHA = 0.05

Margin = float | Mapping[str, float] | None
"""One margin for all tests, or test -> margin, or none."""


@dataclass(frozen=True)
class Equivalence:
    """Whether a difference lies within a margin.

    Attributes
    ----------
    margin
        What was declared too small to matter, before the data.
    p_above, p_below
        One-sided p of "the difference is not above -margin" and "not below +margin".
    p
        The larger of the two.
    """

    margin: float
    p_above: float
    p_below: float
    p: float

    @property
    def equivalent(self) -> bool:
        """Whether both tests reject at 5 %: the 90 % interval lies within the margin."""
        return self.p < ALPHA


def margin_of(margin: Margin, test: str) -> float:
    """Return the margin that was declared for a test; NaN where there is none."""
    found = margin.get(test) if isinstance(margin, Mapping) else margin
    return float("nan") if found is None else float(found)


def tost(difference: float, se: float, margin: float) -> Equivalence:
    """Test whether a normal estimate lies within ± margin.

    Parameters
    ----------
    difference, se
        Estimate and standard error (clustered, where answers are not independent); NaN gives NaN.
    margin
        Above 0, fixed before data: in the same unit. NaN, for none, gives NaN.

    Raises
    ------
    TombolaError
        If the margin is not positive.

    Examples
    --------
    >>> round(tost(0.0, 0.01, 0.03).p, 5)
    0.00135
    """
    if margin <= 0:
        raise TombolaError(f"margin = {margin:g}: the largest difference that does not matter must be above 0")
    if not se > 0 or np.isnan(difference) or np.isnan(margin):
        return Equivalence(margin, np.nan, np.nan, np.nan)
    above = float(scipy.stats.norm.sf((difference + margin) / se))
    below = float(scipy.stats.norm.sf((margin - difference) / se))
    return Equivalence(margin, above, below, max(above, below))
