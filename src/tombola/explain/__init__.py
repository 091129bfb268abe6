"""Explanations of decisions: attribution maps, how they are drawn, and how far they can be believed."""

from tombola.explain import baseline_maps, grad_cam, gradients, lrp, occlusion, rise
from tombola.explain.answers import Answers
from tombola.explain.attribute import Attribution, attribute
from tombola.explain.comparing import Comparison, compare_levels
from tombola.explain.exploring import Exploration, explore
from tombola.explain.layers import ALIASES, resolve_layer
from tombola.explain.methods import Method, baselines, find_method, methods
from tombola.explain.metrics import Case, Metric, measure, metrics
from tombola.explain.network import ExplainedNetwork, explain_views
from tombola.explain.normalising import degenerate_maps, normalise_maps
from tombola.explain.pictures import Pictures, pictures
from tombola.explain.plan import Plan
from tombola.explain.sanity import Question, check_sanity, checks
from tombola.explain.scene import Scene

__all__ = [
    "ALIASES",
    "Answers",
    "Attribution",
    "Case",
    "Comparison",
    "ExplainedNetwork",
    "Exploration",
    "Method",
    "Metric",
    "Pictures",
    "Plan",
    "Question",
    "Scene",
    "attribute",
    "baseline_maps",
    "baselines",
    "check_sanity",
    "checks",
    "compare_levels",
    "degenerate_maps",
    "explain_views",
    "explore",
    "find_method",
    "grad_cam",
    "gradients",
    "lrp",
    "measure",
    "methods",
    "metrics",
    "normalise_maps",
    "occlusion",
    "pictures",
    "resolve_layer",
    "rise",
]
