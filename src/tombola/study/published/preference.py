"""Pairwise preference as published: counts, tests against 50:50, classes, sides. Reference: explainability 10.1-3."""

from typing import Final

import numpy as np
import pandas as pd
import scipy  # scipy.stats takes a second to load, which happens where it is first used

from tombola.analysis.holm import holm
from tombola.study.answers import of_task
from tombola.study.files.pictures import class_order
from tombola.study.published.goodness import even_split
from tombola.study.statistics.contingency import contingency
from tombola.study.statistics.votes import PAIR_COUNTS, PairsGiven, of_pair, pair_counts, pairs_of
from tombola.study.trial import NEITHER

PAIR_TESTS: Final = (*PAIR_COUNTS, "chi2", "df", "p", "p_holm", "binomial_p")
CLASSES: Final = ("pair", "image_class", "first_wins", "second_wins", "ties", "difference")
HETEROGENEITY: Final = ("test", "chi2", "df", "p")
SIDES: Final = ("pair", "pictures", "first_left", "second_left", "left_wins", "right_wins", "ties")


def pair_tests(answers: pd.DataFrame, pairs: PairsGiven = None) -> pd.DataFrame:
    """Return counts of each pair with the published test: columns `PAIR_TESTS`.

    Ties are dropped and the rest is tested against 50:50 (Pearson, df 1). Holm's adjustment over the pairs and the
    exact binomial test stand beside it; the published study had neither.
    """
    table = pair_counts(answers, pairs)
    tests = [even_split(a, b) for a, b in zip(table.first_wins, table.second_wins, strict=True)]
    table["chi2"] = np.array([test.statistic for test in tests], np.float64)
    table["df"] = np.array([test.df for test in tests], np.int64)
    table["p"] = np.array([test.p for test in tests], np.float64)
    table["p_holm"] = holm(table.p.to_numpy(np.float64))
    table["binomial_p"] = [
        float(scipy.stats.binomtest(a, a + b).pvalue) if a + b else np.nan
        for a, b in zip(table.first_wins.astype(int), table.second_wins.astype(int), strict=True)
    ]
    return table[list(PAIR_TESTS)]


def class_counts(answers: pd.DataFrame, pairs: PairsGiven = None) -> pd.DataFrame:
    """Return the same counts by class: columns `CLASSES`; ``difference`` is first wins minus second wins."""
    rows = []
    for pair in pairs_of(answers, pairs):
        mine = of_pair(answers, pair)
        for name in class_order(mine.image_class.dropna().unique()):
            answer = mine.answer[mine.image_class == name]
            first, second, ties = (int((answer == each).sum()) for each in (pair.first, pair.second, NEITHER))
            rows.append((pair.label, name, first, second, ties, first - second))
    return pd.DataFrame(rows, columns=list(CLASSES))


def heterogeneity_tests(answers: pd.DataFrame, pairs: PairsGiven = None) -> pd.DataFrame:
    """Return what a reader of the counts asks next: columns `HETEROGENEITY`.

    ``classes A v B``: are decisive votes split alike in all classes; ``ties``: do all pairs have the same tie rate.
    """
    counts, rows = class_counts(answers, pairs), []
    for pair, mine in counts.groupby("pair", sort=False):
        test = contingency(mine[["first_wins", "second_wins"]])
        rows.append((f"classes {pair}", test.statistic, test.df, test.p))
    rows.append(("ties", *tie_rate_test(answers, pairs)))
    return pd.DataFrame(rows, columns=list(HETEROGENEITY))


def tie_rate_test(answers: pd.DataFrame, pairs: PairsGiven = None) -> tuple[float, int, float]:
    """Return χ², df and p of pairs by (tie, decisive)."""
    table = pair_counts(answers, pairs)
    test = contingency(np.stack([table.ties, table.votes - table.ties], 1) if len(table) else [[0, 0]])
    return test.statistic, test.df, test.p


def side_counts(answers: pd.DataFrame, pairs: PairsGiven = None) -> pd.DataFrame:
    """Return who stood left in how many pictures, and which side won: columns `SIDES`, the last row for all pairs.

    A picture is an image with a pair and its sides. Were sides drawn per participant, an image counts with both.
    """
    frame = of_task(answers, "pairwise")
    rows: list[tuple[object, ...]] = []
    for pair in pairs_of(answers, pairs):
        mine = of_pair(answers, pair)
        shown = mine[["image", "left"]].drop_duplicates()
        stood = [int((shown.left == name).sum()) for name in (pair.first, pair.second)]
        rows.append((pair.label, len(shown), *stood, *_sides(mine)))
    table = pd.DataFrame(rows, columns=list(SIDES))
    sums = [int(table[name].sum()) for name in ("pictures", "first_left", "second_left")]
    total = pd.DataFrame([("all", *sums, *_sides(frame))], columns=list(SIDES))
    return pd.concat([table, total], ignore_index=True)


def _sides(frame: pd.DataFrame) -> tuple[int, int, int]:
    counts = [int((frame.side == side).sum()) for side in ("left", "right", NEITHER)]
    return counts[0], counts[1], counts[2]
