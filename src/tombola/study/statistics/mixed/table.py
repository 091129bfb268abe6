"""The mixed multinomial model of every pair, as tables and sentences."""

from typing import Final

import numpy as np
import pandas as pd

from tombola.errors import TombolaError
from tombola.study.statistics.clustered import two_sided
from tombola.study.statistics.mixed.average import average
from tombola.study.statistics.mixed.fit import Mixed, mixed_multinomial
from tombola.study.statistics.mixed.spread import EFFECTS, spread
from tombola.study.statistics.votes import PairsGiven, of_pair, pair_counts, pairs_of

COLUMNS: Final = (
    *("pair", "answers", "workers", "images", "preference", "se", "low", "high", "z", "p", "decision", "decision_se"),
    *EFFECTS,
    *("share", "share_low", "share_high", "raw_share", "ties", "raw_ties", "log_likelihood", "converged"),
)
SPREADS: Final = ("pair", "effect", "sd", "se", "chi2", "p")
STANDING: Final = (
    "The mixed model (table mixed) is a check of the clustered shares under other assumptions: none of its tests "
    "belongs to a family of tests, and none can be confirmatory."
)


def mixed_tables(answers: pd.DataFrame, *, pairs: PairsGiven = None) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Return the mixed model of every pair, and what must be said of it.

    Parameters
    ----------
    answers
        The tidy frame; main pairwise answers count.
    pairs
        As in `pairs_of`.

    Returns
    -------
    tables
        ``mixed`` with the columns `COLUMNS`: the preference is the log odds of the first of a pair for a worker and an
        image in the middle, ``share`` what the model says of all (beside ``raw_share``, that of the votes), ``ties``
        likewise. ``mixed_spreads`` with the columns `SPREADS`: each standard deviation and its test against 0. A pair
        whose answers do not determine the model has counts only.
    notes
        Sentences: which pairs have no model, and why.
    """
    rows, spreads, notes = [], [], []
    for pair, (_, count) in zip(pairs_of(answers, pairs), pair_counts(answers, pairs).iterrows(), strict=True):
        mine = of_pair(answers, pair)
        head = (pair.label, len(mine), mine.participant.nunique(), mine.image.nunique())
        raw = count["first_share"], count["tie_share"]
        try:
            found = mixed_multinomial(answers, pair)
        except TombolaError as error:
            notes.append(f"No mixed model: {error}.")
            rows.append((*head, *_unknown(*raw)))
            continue
        if not found.converged:
            notes.append(f"The mixed model of {pair.label} did not converge; do not rely on it.")
        rows.append((*head, *_numbers(found, *raw)))
        for effect in (each for each in EFFECTS if not np.isnan(found[each])):
            test = spread(found, effect)
            spreads.append((pair.label, effect.removesuffix("_sd"), found[effect], found.se(effect), test.chi2, test.p))
    tables = {"mixed": pd.DataFrame(rows, columns=list(COLUMNS))}
    if spreads:
        tables["mixed_spreads"] = pd.DataFrame(spreads, columns=list(SPREADS))
        notes.append(STANDING)
    return tables, notes


def _numbers(found: Mixed, raw_share: float, raw_ties: float) -> tuple[object, ...]:
    se = found.se("preference")
    low, high, z, p = two_sided(found["preference"], se)
    over = average(found.at, found.covariance)
    ties = 0.0 if np.isnan(found["decision"]) else over.ties
    shares = (over.share, over.low, over.high, raw_share, ties, raw_ties)
    sds = (found[effect] for effect in EFFECTS)
    decision = (found["decision"], found.se("decision"))
    return found["preference"], se, low, high, z, p, *decision, *sds, *shares, found.log_likelihood, found.converged


def _unknown(raw_share: float, raw_ties: float) -> tuple[object, ...]:
    known = {"raw_share": raw_share, "raw_ties": raw_ties, "converged": False}
    return tuple(known.get(name, np.nan) for name in COLUMNS[4:])
