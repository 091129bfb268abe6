"""Whether networks come to the same features: activations of units compared (convergent learning)."""

from tombola.analysis.features.agreement import Agreement, agreement
from tombola.analysis.features.cca import canonical_correlations, mean_cca, svcca
from tombola.analysis.features.cka import debiased_cka, linear_cka
from tombola.analysis.features.information import Information, mutual_information
from tombola.analysis.features.many import Groups, spectral_groups
from tombola.analysis.features.moments import Moments, Observation, observe
from tombola.analysis.features.partners import Partners, bipartite_matching, cycles, reordered, semi_matching
from tombola.analysis.features.prediction import Predicted, sparse_prediction
from tombola.analysis.features.published_sna2023 import LinearSimilarity, linear_similarity_sna2023
from tombola.analysis.features.stream import Activations, Batch, evaluation_images
from tombola.analysis.features.taps import GraphTap, HookTap, Point, Seen, Tap, tap

__all__ = [
    "Activations", "Agreement", "Batch", "GraphTap", "Groups", "HookTap", "Information", "LinearSimilarity", "Moments",
    "Observation", "Partners", "Point", "Predicted", "Seen", "Tap", "agreement", "bipartite_matching",
    "canonical_correlations", "cycles", "debiased_cka", "evaluation_images", "linear_cka", "linear_similarity_sna2023",
    "mean_cca", "mutual_information", "observe", "reordered", "semi_matching", "sparse_prediction", "spectral_groups",
    "svcca", "tap",
]  # fmt: skip
