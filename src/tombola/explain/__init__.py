"""Explanations of decisions: attribution maps, how they are drawn, and how far they can be believed."""

from tombola.explain import baseline_maps, grad_cam, gradients, lrp, occlusion, rise
from tombola.explain.answers import Answers
from tombola.explain.attribute import Attribution, attribute
from tombola.explain.layers import ALIASES, resolve_layer
from tombola.explain.methods import Method, baselines, find_method, methods
from tombola.explain.network import ExplainedNetwork, explain_views
from tombola.explain.normalising import degenerate_maps, normalise_maps
from tombola.explain.pictures import Pictures, pictures
from tombola.explain.scene import Scene

__all__ = [
    "ALIASES",
    "Answers",
    "Attribution",
    "ExplainedNetwork",
    "Method",
    "Pictures",
    "Scene",
    "attribute",
    "baseline_maps",
    "baselines",
    "degenerate_maps",
    "explain_views",
    "find_method",
    "grad_cam",
    "gradients",
    "lrp",
    "methods",
    "normalise_maps",
    "occlusion",
    "pictures",
    "resolve_layer",
    "rise",
]
