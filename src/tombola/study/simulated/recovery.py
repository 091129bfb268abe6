"""Does the analysis find what was put in? Shares and ties of simulated answers beside those of the crowd."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from tombola.study.simulated.crowd import Crowd
from tombola.study.statistics.clustered import clustered_share
from tombola.study.statistics.votes import Pair, decisive, of_pair

COLUMNS: Final = ("pair", "votes", "expected_share", "share", "low", "high", "inside", "expected_ties", "ties")


def recovery(answers: pd.DataFrame, crowd: Crowd, pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Return what simulated answers show of each pair, beside what the crowd was made with: columns `COLUMNS`.

    Parameters
    ----------
    answers
        The tidy frame.
    crowd
        What its participants are like; ``expected_*`` have their inattention in them.
    pairs
        Pairs (A, B).
    """
    rows = []
    for first, second in pairs:
        pair = Pair(first, second)
        mine, votes = of_pair(answers, pair), decisive(answers, pair)
        found, expected = clustered_share(votes.y, votes.worker, votes.image), crowd.expected(first, second)
        inside = bool(found.low <= expected.share <= found.high)
        ties = 1 - votes.n / len(mine) if len(mine) else float("nan")
        shares = (expected.share, found.value, found.low, found.high, inside)
        rows.append((pair.label, votes.n, *shares, expected.ties, ties))
    return pd.DataFrame(rows, columns=list(COLUMNS))
