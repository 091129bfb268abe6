"""The image as the unit: per-image margins, the exact sign test and Wilcoxon's. Reference: explainability 11.2."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy  # scipy.stats takes a second to load, which happens where it is first used
from numpy.typing import ArrayLike

from tombola.study.statistics.votes import Pair, of_pair
from tombola.study.trial import NEITHER


@dataclass(frozen=True)
class ImageLevel:
    """Tests over images.

    Attributes
    ----------
    wins, losses, ties
        Images on which the first condition got more decisive votes, fewer, equally many.
    sign_p
        Exact two-sided sign test of wins against losses.
    wilcoxon_p
        Wilcoxon's signed-rank test of the margins; zeros are left out, ties get mean ranks.
    """

    wins: int
    losses: int
    ties: int
    sign_p: float
    wilcoxon_p: float


def margins(answers: pd.DataFrame, pair: Pair) -> "pd.Series[float]":
    """Return votes for the first minus votes for the second, by image; an image with nothing but ties has 0."""
    mine = of_pair(answers, pair)
    signs = np.select([mine.answer == pair.first, mine.answer == NEITHER], [1.0, 0.0], -1.0)
    return pd.Series(signs, index=mine.image.to_numpy(np.int64), dtype=np.float64).groupby(level=0).sum()


def image_level(margin: ArrayLike) -> ImageLevel:
    """Test whether margins lie around zero, one number per image.

    Examples
    --------
    >>> found = image_level([2, 1, 1, -1, 3, 0, 1])
    >>> found.wins, found.losses, found.ties, round(found.sign_p, 5)
    (5, 1, 1, 0.21875)
    """
    values = np.asarray(margin, np.float64)
    wins, losses = int((values > 0).sum()), int((values < 0).sum())
    if wins + losses == 0:
        return ImageLevel(0, 0, len(values), np.nan, np.nan)
    sign = float(scipy.stats.binomtest(wins, wins + losses).pvalue)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that few images get a rough p, which the sign test beside it shows
        rank = float(scipy.stats.wilcoxon(values[values != 0]).pvalue)
    return ImageLevel(wins, losses, len(values) - wins - losses, sign, rank)
