"""Measures of unlikeness between two sign distributions, by name. Larger is less alike; 0 is equal."""

from tombola.analysis.signs.measures import binned, joint, published, samples
from tombola.analysis.signs.measures.between import bin_of, distance, joint_distance, pooled_scale
from tombola.analysis.signs.measures.registry import (
    BINS,
    CORRECTED,
    Measure,
    Support,
    measures,
)

__all__ = [
    "BINS",
    "CORRECTED",
    "Measure",
    "Support",
    "bin_of",
    "binned",
    "distance",
    "joint",
    "joint_distance",
    "measures",
    "pooled_scale",
    "published",
    "samples",
]
