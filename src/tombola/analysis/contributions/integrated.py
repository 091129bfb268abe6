"""Integrated gradients of a layer's units, from all of them silent to as they are (Sundararajan et al. 2017)."""

from typing import Final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tombola.analysis.contributions.methods import Method, Question, gradient_at, methods

STEPS: Final = 16


def integrated_gradients(question: Question) -> Float[Tensor, "image unit"]:
    """Share of a unit in the loss that all units of its layer together change, without sign.

    The gradient of the loss is integrated from a silent layer to the layer as it is, by Gauss and Legendre's rule with
    16 points (as Captum's ``IntegratedGradients`` does with ``n_steps=16``); see `signed_shares`.
    """
    return signed_shares(question).abs()


def signed_shares(question: Question, steps: int = STEPS) -> Float[Tensor, "image unit"]:
    """Return the shares with their signs: over units they add up to loss(as it is) - loss(layer silent)."""
    replay, layer = question.replay, question.layer
    value = replay.units(layer)
    places, weights = np.polynomial.legendre.leggauss(steps)
    mean = torch.zeros_like(value)
    for place, weight in zip((places + 1) / 2, weights / 2, strict=True):
        at = gradient_at(float(place) * value, lambda x: question.losses(replay.from_units(layer, x)))
        mean += float(weight) * at
    return question.by_unit(value * mean)


methods.register("integrated-gradients")(Method(integrated_gradients))
