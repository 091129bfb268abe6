"""The accuracy ladder: test accuracy at every compression rate, from a run's result rows or the published file.

Each row says what its interval is over, because an interval over images of one network is none over trainings.
Reference: explainability 4.4, 4.6.
"""

from typing import Any, Final

import numpy as np
import pandas as pd
import scipy  # scipy.stats takes a second to load, which happens where it is first used

from tombola.analysis.intervals import mean_interval
from tombola.study.answers import records

COLUMNS: Final = (
    *("network", "rate", "density", "scope", "whole_model_compression", "replicates", "test_top1", "low", "high"),
    *("interval_over", "test_correct", "test_n", "clean_top1", "clean_n"),
)
CONV_WEIGHTS, PARAMETERS = 14_710_464, 134_301_514
"""Of the published VGG-16 (reference: explainability 1.3)."""
PUBLISHED: Final = "published"
TICKET: Final = "none"
"""What result rows call the control of a level itself."""
IMAGES, REPLICATES, NOTHING = "test images", "replicates", "nothing"


def of_published(results: pd.DataFrame) -> pd.DataFrame:
    """Return the ladder of a published result file: columns `COLUMNS`.

    There is one network per rate, so intervals are over test images. A row typed by hand with two decimals has no
    count, and so no interval. Rates are those of the convolutions; the whole model's stand beside them.

    Parameters
    ----------
    results
        As `tombola.interop.pruning_results.read_pruning_results` returns them.
    """
    rows = []
    for row in records(results):
        rate, correct, n = row["target_rate"], row["test_correct"], row["test_n"]
        low, high = wilson(correct, n) if correct is not None else (np.nan, np.nan)
        over = IMAGES if correct is not None else NOTHING
        sizes = (rate, 1 / rate, "conv", PARAMETERS / (PARAMETERS - CONV_WEIGHTS * (1 - 1 / rate)))
        rows.append((PUBLISHED, *sizes, 1, row["test_top1"], low, high, over, correct, n, None, None))
    return _typed(rows)


def of_results(results: pd.DataFrame) -> pd.DataFrame:
    """Return the ladder of a run: columns `COLUMNS`, a row per network (ticket or control) and level.

    Parameters
    ----------
    results
        As `tombola.analysis.results.result_rows` returns them. Repetitions are averaged first; from two replicates on
        intervals are over replicates, else over test images.
    """
    done = results[(results["status"] == "done") & results["test_top1"].notna()]
    rows: list[tuple[Any, ...]] = []
    for (control, level), group in done.groupby(["control", "level"], sort=False):
        means = group.groupby("replicate")["test_top1"].mean().to_numpy(np.float64)
        first = {name: values.dropna().mean() for name, values in group[list(AVERAGED)].items()}
        counts = [_sole(group, name) for name in ("test_correct", "test_n", "clean_n")]
        low, high, over = _interval(means, counts[0], counts[1])
        rate = first["true_rate"] if pd.notna(first["true_rate"]) else 1 / first["density"]
        scope = group["scope"].dropna()
        sizes = (rate, first["density"], scope.iloc[0] if len(scope) else "", first["whole_model_compression"])
        name = "ticket" if control == TICKET else str(control)
        numbers = (len(means), float(means.mean()), low, high, over)
        rows.append((level, name, *sizes, *numbers, counts[0], counts[1], first["clean_top1"], counts[2]))
    rows.sort(key=lambda row: (row[1] != "ticket", row[1], row[0]))
    return _typed([row[1:] for row in rows])


AVERAGED: Final = ("true_rate", "density", "whole_model_compression", "clean_top1")


def wilson(correct: float, n: float) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share.

    Examples
    --------
    >>> [round(end, 4) for end in wilson(2724, 2800)]
    [0.9662, 0.9783]
    """
    found = scipy.stats.binomtest(int(correct), int(n)).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def _interval(means: "np.ndarray[Any, Any]", correct: Any, n: Any) -> tuple[float, float, str]:
    if len(means) > 1:
        found = mean_interval(means)
        return found.low, found.high, REPLICATES
    if correct is not None and n:
        return *wilson(correct, n), IMAGES
    return np.nan, np.nan, NOTHING


def _sole(group: pd.DataFrame, name: str) -> int | None:
    """Return a count that belongs to a single network, or that all networks share."""
    found = group[name].dropna().unique()
    return int(found[0]) if len(found) == 1 and (len(group) == 1 or not name.endswith("correct")) else None


def _typed(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    counts, texts = ("replicates", "test_correct", "test_n", "clean_n"), ("network", "scope", "interval_over")
    kinds = {name: "Int64" if name in counts else "string" if name in texts else "Float64" for name in table}
    return table.astype(kinds)
