"""How much each unit contributes to the answers of a network: scores, held against what silencing the unit costs."""

from tombola.analysis.contributions import ablation, deeplift, formula, integrated, relevance
from tombola.analysis.contributions.agreement import agreement, agreement_summary, stage_agreement
from tombola.analysis.contributions.by_cluster import cluster_contributions, findings, with_clusters
from tombola.analysis.contributions.methods import Method, Question, methods
from tombola.analysis.contributions.scene import Images, Scene
from tombola.analysis.contributions.scores import DEFAULT_METHODS, unit_scores
from tombola.analysis.contributions.summary import gini, score_correlations, score_summary

__all__ = [
    "DEFAULT_METHODS",
    "Images",
    "Method",
    "Question",
    "Scene",
    "ablation",
    "agreement",
    "agreement_summary",
    "cluster_contributions",
    "deeplift",
    "findings",
    "formula",
    "gini",
    "integrated",
    "methods",
    "relevance",
    "score_correlations",
    "score_summary",
    "stage_agreement",
    "unit_scores",
    "with_clusters",
]
