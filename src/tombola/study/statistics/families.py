"""Families of tests, declared beforehand: raw and adjusted p side by side. Reference: explainability 11.7."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import numpy as np
import pandas as pd

from tombola.analysis.holm import holm
from tombola.analysis.inference.several import benjamini_hochberg
from tombola.errors import TombolaError

Correction = Literal["holm", "benjamini-hochberg"]
CORRECTIONS: Final = {"holm": holm, "benjamini-hochberg": benjamini_hochberg}
UNDECLARED: Final = "undeclared"
CONFIRMATORY: Final = "confirmatory"
EXPLORATORY: Final = "exploratory"
COLUMNS: Final = ("test", "family", "estimate", "p", "p_adjusted", "correction", "label")


def adjust(
    tests: pd.DataFrame,
    *,
    families: Mapping[str, Sequence[str]] | None = None,
    correction: Correction = "holm",
    locked: bool | None = None,
) -> pd.DataFrame:
    """Return tests with p-values adjusted within their families.

    Parameters
    ----------
    tests
        Columns ``test, family, estimate, p``; the family is the one a test has unless others are declared.
    families
        Declared families, name -> tests. Tests outside all of them make one family of their own, ``undeclared``.
    correction
        ``holm`` (any dependence) or ``benjamini-hochberg``.
    locked
        Whether a preregistration lock covers this analysis and holds. Only then are declared tests confirmatory;
        everything else is exploratory.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, in the order given.

    Raises
    ------
    TombolaError
        If the correction is unknown, a declared test does not exist, or one is in two families.
    """
    if correction not in CORRECTIONS:
        raise TombolaError(f"correction = {correction!r} is neither {' nor '.join(CORRECTIONS)}")
    found = tests.copy()
    if families is not None:
        home: dict[str, str] = {}
        for family, members in families.items():
            for test in members:
                if test not in set(tests.test):
                    raise TombolaError(f"family '{family}' declares test '{test}', which this analysis does not have")
                if test in home:
                    raise TombolaError(f"test '{test}' is declared in the families '{home[test]}' and '{family}'")
                home[test] = family
        found["family"] = [home.get(test, UNDECLARED) for test in found.test]
    adjusted = np.full(len(found), np.nan)
    for family in found.family.unique():
        mine = (found.family == family).to_numpy()
        adjusted[mine] = CORRECTIONS[correction](found.p[mine].to_numpy(np.float64))
    found["p_adjusted"], found["correction"] = adjusted, correction
    declared = families is not None and locked is True
    found["label"] = [CONFIRMATORY if declared and family != UNDECLARED else EXPLORATORY for family in found.family]
    return found[list(COLUMNS)]
