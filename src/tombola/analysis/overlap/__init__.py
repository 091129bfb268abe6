"""Overlap of masks: what networks keep in common, beside chance, and what lives on over levels."""

from tombola.analysis.overlap.chance import common_variance, expected_common, log10_tails, z_score
from tombola.analysis.overlap.counts import common_counts
from tombola.analysis.overlap.pairs import overlap_summary, overlap_table
from tombola.analysis.overlap.survival import survival_table

__all__ = [
    "common_counts",
    "common_variance",
    "expected_common",
    "log10_tails",
    "overlap_summary",
    "overlap_table",
    "survival_table",
    "z_score",
]
