"""Inference on distances between networks, where the network is the unit: a pair is no observation of its own."""

from tombola.analysis.inference.blocks import Blocks, mean_difference
from tombola.analysis.inference.bootstrap import cluster_bootstrap
from tombola.analysis.inference.effects import Effect, effects
from tombola.analysis.inference.labels import Labelings, labelings, stratum_of
from tombola.analysis.inference.permutation import PermutationTest, permute_labels
from tombola.analysis.inference.several import benjamini_hochberg
from tombola.analysis.inference.welch import Welch, welch_less

__all__ = [
    "Blocks",
    "Effect",
    "Labelings",
    "PermutationTest",
    "Welch",
    "benjamini_hochberg",
    "cluster_bootstrap",
    "effects",
    "labelings",
    "mean_difference",
    "permute_labels",
    "stratum_of",
    "welch_less",
]
