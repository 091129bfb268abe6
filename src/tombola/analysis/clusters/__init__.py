"""Clusters of units by the signs of their weights: found, matched between data sets, and put into words."""

from tombola.analysis.clusters.choice import choose_k, k_curve, silhouette
from tombola.analysis.clusters.find import Clusters, find_clusters
from tombola.analysis.clusters.matching import match_labels
from tombola.analysis.clusters.methods import Clustering, clusterings, standardised
from tombola.analysis.clusters.stability import stability
from tombola.analysis.clusters.statistics import cluster_stats, network_ratios, ratio_intervals
from tombola.analysis.clusters.verbal import in_words, verbal_table

__all__ = [
    "Clustering",
    "Clusters",
    "choose_k",
    "cluster_stats",
    "clusterings",
    "find_clusters",
    "in_words",
    "k_curve",
    "match_labels",
    "network_ratios",
    "ratio_intervals",
    "silhouette",
    "stability",
    "standardised",
    "verbal_table",
]
