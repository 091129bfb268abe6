"""Likeness to maps that know nothing of the network."""

import numpy as np

from tombola.explain.sanity.check import Check, Steps, checks
from tombola.explain.sanity.question import Question, alike

LIMIT = 0.9
"""Rank correlation from which two maps are one picture to the eye. Objects have edges and often stand in the middle, so
that good explanations are somewhat like both."""
SHARE = 0.5


def edges(question: Question) -> Steps:
    """Maps must not be those of an edge detector."""
    return {"edge-detector": alike(question.original.maps, question.baseline("edge-detector"))}


def centre(question: Question) -> Steps:
    """Maps must not be a bell in the middle of the image."""
    return {"centre-gaussian": alike(question.original.maps, question.baseline("centre-gaussian"))}


def constant(question: Question) -> Steps:
    """Most maps must prefer some part of the image to others."""
    return {"constant": question.original.degenerate.astype(np.float64)}


checks.register("edges")(Check(edges, LIMIT, "its maps are those of an edge detector"))
checks.register("centre")(Check(centre, LIMIT, "its maps are a bell in the middle of the image"))
checks.register("constant")(Check(constant, SHARE, "half of its maps or more are constant"))
