"""What the kernels of a convolution look like: sizes, places, signs, patterns, and what they explain of distances."""

from tombola.analysis.kernel_patterns.adjacency import adjacency, adjacency_table
from tombola.analysis.kernel_patterns.census import census
from tombola.analysis.kernel_patterns.cooccurrence import cooccurrence, cooccurrence_table, expected_cooccurrence
from tombola.analysis.kernel_patterns.counts import (
    filter_sizes,
    filter_table,
    kernel_sizes,
    position_counts,
    sign_balance,
)
from tombola.analysis.kernel_patterns.explaining import Explanation, explain
from tombola.analysis.kernel_patterns.kernels import KernelSet, kernel_sets
from tombola.analysis.kernel_patterns.synthetic import Dials, synthetic

__all__ = [
    "Dials",
    "Explanation",
    "KernelSet",
    "adjacency",
    "adjacency_table",
    "census",
    "cooccurrence",
    "cooccurrence_table",
    "expected_cooccurrence",
    "explain",
    "filter_sizes",
    "filter_table",
    "kernel_sets",
    "kernel_sizes",
    "position_counts",
    "sign_balance",
    "synthetic",
]
