"""The analysis of the published study, number by number, for comparison with the valid one beside it.

Reference: explainability 10. Votes are taken as independent and nothing is corrected unless a name says so.
"""

from tombola.study.published.agreement import published_alpha
from tombola.study.published.analysis import published_analysis
from tombola.study.published.goodness import goodness_of_fit
from tombola.study.published.preference import class_counts, pair_tests, side_counts, tie_rate_test
from tombola.study.published.recognition import accuracy_by, confusion_matrices, plurality, recognition_tests
from tombola.study.published.workers import BUSIEST, worker_counts

__all__ = [
    "BUSIEST",
    "accuracy_by",
    "class_counts",
    "confusion_matrices",
    "goodness_of_fit",
    "pair_tests",
    "plurality",
    "published_alpha",
    "published_analysis",
    "recognition_tests",
    "side_counts",
    "tie_rate_test",
    "worker_counts",
]
