"""Does a preference differ between classes, and if it does, how? Reference: explainability 10.3 and 11.7."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import scipy  # scipy.stats takes a second to load, which happens where it is first used
from numpy.typing import NDArray

from tombola.analysis.holm import holm
from tombola.study.files.pictures import class_order
from tombola.study.statistics.clustered import clustered_share
from tombola.study.statistics.contingency import ChiSquared, contingency
from tombola.study.statistics.covariance import two_way_covariance
from tombola.study.statistics.votes import Pair, Votes, codes, of_pair
from tombola.study.trial import NEITHER

ALPHA: Final = 0.05
COLUMNS: Final = (
    *("pair", "image_class", "first_wins", "second_wins", "ties", "first_share", "se", "low", "high"),
    *("p", "p_adjusted", "fallback"),
)


@dataclass(frozen=True, eq=False)
class ClassEffects:
    """Class effects of one pair, with the test that must come first.

    Attributes
    ----------
    naive
        Pearson's χ² of decisive votes by class, as if votes were independent.
    clustered
        Wald's χ² of equal shares with the covariance clustered by worker and image: the one to go by.
    fallback
        Whether that covariance had to be replaced by a one-way one.
    table
        Columns `COLUMNS`. Where the clustered test does not reject at 5 %, classes are not tested: ``p`` and
        ``p_adjusted`` (Holm over the classes) are missing, and shares are description only.
    """

    naive: ChiSquared
    clustered: ChiSquared
    fallback: bool
    table: pd.DataFrame


def class_effects(answers: pd.DataFrame, pair: Pair, *, cr1: bool = False) -> ClassEffects:
    """Return heterogeneity over classes first, and shares by class.

    Parameters
    ----------
    answers
        The tidy frame; main answers to the pair count.
    pair
        Which conditions.
    cr1
        Small-sample factor of the clustered variances.
    """
    mine = of_pair(answers, pair)
    mine = mine[mine.image_class.notna()]
    decided = mine[mine.answer != NEITHER].reset_index(drop=True)
    votes = Votes((decided.answer == pair.first).to_numpy(np.float64), codes(decided.participant), codes(decided.image))
    names = class_order(mine.image_class.unique())
    counts = [
        [int((mine.answer[mine.image_class == name] == each).sum()) for each in (pair.first, pair.second, NEITHER)]
        for name in names
    ]
    naive = contingency([row[:2] for row in counts] or [[0, 0]])
    clustered, fallback = equal_shares(votes, decided.image_class.to_numpy(str), cr1=cr1)
    tested = clustered.p < ALPHA
    rows = []
    for name, (first, second, ties) in zip(names, counts, strict=True):
        here = (decided.image_class == name).to_numpy(bool)
        found = clustered_share(votes.y[here], votes.worker[here], votes.image[here], cr1=cr1)
        p = found.p if tested else np.nan
        share = (found.value, found.se, found.low, found.high)
        rows.append((pair.label, name, first, second, ties, *share, p, np.nan, found.variance.fallback))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["p_adjusted"] = holm(table.p.to_numpy(np.float64))
    return ClassEffects(naive, clustered, fallback, table)


def equal_shares(votes: Votes, groups: NDArray[np.str_], *, cr1: bool = False) -> tuple[ChiSquared, bool]:
    """Test whether all groups of votes have the same share, with the covariance clustered by worker and image.

    Wald's statistic d' (C V C')⁻¹ d of the differences d = C p̂ to the last group; groups without a decisive vote, or
    without two different ones, have no share whose uncertainty is known, and are left out.
    """
    names = [name for name in np.unique(groups) if 0 < votes.y[groups == name].mean() < 1]
    if len(names) < 2:
        return ChiSquared(np.nan, 0, np.nan), False
    influence = np.zeros((votes.n, len(names)))
    shares = np.zeros(len(names))
    for i, name in enumerate(names):
        mine = groups == name
        shares[i] = votes.y[mine].mean()
        influence[mine, i] = (votes.y[mine] - shares[i]) / mine.sum()
    contrast = np.hstack([np.eye(len(names) - 1), -np.ones((len(names) - 1, 1))])
    covariance, fallback = two_way_covariance(influence @ contrast.T, votes.worker, votes.image, cr1=cr1)
    difference = contrast @ shares
    rank = int(np.linalg.matrix_rank(covariance, hermitian=True))
    if rank < len(difference):
        return ChiSquared(np.nan, len(difference), np.nan), fallback
    statistic = float(difference @ np.linalg.solve(covariance, difference))
    return ChiSquared(statistic, rank, float(scipy.stats.chi2.sf(statistic, rank))), fallback
