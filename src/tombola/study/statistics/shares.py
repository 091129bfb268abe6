"""Preference shares with everything that says how far to believe them, a row per pair. Reference: explainability 11."""

from typing import Final

import numpy as np
import pandas as pd
import scipy  # scipy.stats takes a second to load, which happens where it is first used

from tombola.study.statistics.bootstrap import DRAWS, SEED, WAYS, bootstrap_mean
from tombola.study.statistics.clustered import clustered_share
from tombola.study.statistics.covariance import Variance
from tombola.study.statistics.equivalence import Margin, margin_of, tost
from tombola.study.statistics.image_level import image_level, margins
from tombola.study.statistics.votes import PairsGiven, decisive, pairs_of

SHARES: Final = (
    *("pair", "votes", "share", "se", "low", "high", "z", "p", "naive_se", "naive_low", "naive_high", "naive_p"),
    *("worker_p", "image_p", "design_effect", "fallback", "equivalence_margin", "equivalence_p"),
)
INTERVALS: Final = ("pair", "by", "low", "high", "se", "draws")
IMAGES: Final = ("pair", "wins", "losses", "ties", "sign_p", "wilcoxon_p")


def share_table(
    answers: pd.DataFrame, *, pairs: PairsGiven = None, margin: Margin = None, cr1: bool = False
) -> pd.DataFrame:
    """Return the share of decisive votes for the first of each pair, two-way clustered: columns `SHARES`.

    ``naive_*`` take votes as independent, as published; ``worker_p`` and ``image_p`` cluster one way only. With a
    `margin` fixed beforehand, ``equivalence_p`` is that of "the share is within ½ ± margin" (two one-sided tests).
    """
    rows = []
    for pair in pairs_of(answers, pairs):
        votes = decisive(answers, pair)
        found = clustered_share(votes.y, votes.worker, votes.image, cr1=cr1)
        numbers = (found.value, found.se, found.low, found.high, found.z, found.p)
        naive = (found.naive_se, found.naive_low, found.naive_high, found.naive_p)
        one_way = _one_way(found.value, found.variance)
        equal = tost(found.value - 0.5, found.se, margin_of(margin, f"share {pair.label}"))
        rest = (found.design_effect, found.variance.fallback, equal.margin, equal.p)
        rows.append((pair.label, votes.n, *numbers, *naive, *one_way, *rest))
    return pd.DataFrame(rows, columns=list(SHARES))


def interval_table(
    answers: pd.DataFrame, *, pairs: PairsGiven = None, draws: int = DRAWS, seed: int = SEED
) -> pd.DataFrame:
    """Return bootstrap intervals of the shares, by image, by worker and by both: columns `INTERVALS`."""
    rows = []
    for pair in pairs_of(answers, pairs):
        votes = decisive(answers, pair)
        for by in WAYS:
            found = bootstrap_mean(votes.y, votes.worker, votes.image, by=by, draws=draws, seed=seed)
            rows.append((pair.label, by, found.low, found.high, found.se, draws))
    return pd.DataFrame(rows, columns=list(INTERVALS))


def image_table(answers: pd.DataFrame, *, pairs: PairsGiven = None) -> pd.DataFrame:
    """Return the tests with the image as the unit, by pair: columns `IMAGES`."""
    rows = []
    for pair in pairs_of(answers, pairs):
        found = image_level(margins(answers, pair))
        rows.append((pair.label, found.wins, found.losses, found.ties, found.sign_p, found.wilcoxon_p))
    return pd.DataFrame(rows, columns=list(IMAGES))


def _one_way(share: float, variance: Variance) -> tuple[float, float]:
    """Return p clustered by worker only and by image only."""
    found = [
        float(2 * scipy.stats.norm.sf(abs(share - 0.5) / np.sqrt(part))) if part > 0 else np.nan
        for part in (variance.worker, variance.image)
    ]
    return found[0], found[1]
