"""Analysis: tables and statistics from records, and the answer to whether there is a winning ticket."""

from tombola.analysis.gaps import Gap, gaps
from tombola.analysis.intervals import Interval, mean_and_errors, mean_interval, paired_difference
from tombola.analysis.standing import Standing, standings
from tombola.analysis.summary import Quantity, Row, level_densities, replicate_values, summarise, summary_table
from tombola.analysis.verdict import Verdict, verdict

__all__ = [
    "Gap",
    "Interval",
    "Quantity",
    "Row",
    "Standing",
    "Verdict",
    "gaps",
    "level_densities",
    "mean_and_errors",
    "mean_interval",
    "paired_difference",
    "replicate_values",
    "standings",
    "summarise",
    "summary_table",
    "verdict",
]
