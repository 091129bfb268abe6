"""Single-unit ablation, the ground truth: what a network loses when a unit passes on nothing."""

import torch
from jaxtyping import Float
from torch import Tensor

from tombola.analysis.contributions.methods import Method, Question, methods


def ablation_loss(question: Question) -> Float[Tensor, "image unit"]:
    """Rise of the cross-entropy when the unit passes on nothing."""
    return _ablated(question)[0]


def ablation_accuracy(question: Question) -> Float[Tensor, "image unit"]:
    """Fall of the accuracy when the unit passes on nothing: +1, 0 or -1 for every image."""
    return _ablated(question)[1]


def _ablated(question: Question) -> tuple[Float[Tensor, "image unit"], Float[Tensor, "image unit"]]:
    replay, layer = question.replay, question.layer
    key = ("ablated", layer)
    if key in replay.memory:
        return replay.memory[key]  # type: ignore[no-any-return]
    value, owners = replay.units(layer), torch.from_numpy(replay.owners(layer))
    rise, fall = (value.new_zeros(len(value), question.units) for _ in range(2))
    with torch.no_grad():
        whole = replay.from_units(layer, value)
        loss, right = question.losses(whole), whole.argmax(1) == question.labels
        for unit in range(question.units):
            channels = (owners == unit).to(value.device)
            if not value[:, channels].any():
                continue  # it passes on nothing as it is
            scores = replay.without(layer, unit)
            rise[:, unit] = question.losses(scores) - loss
            fall[:, unit] = right.to(fall.dtype) - (scores.argmax(1) == question.labels).to(fall.dtype)
    replay.memory[key] = rise, fall
    return rise, fall


methods.register("ablation-loss")(Method(ablation_loss, signed=True))
methods.register("ablation-accuracy")(Method(ablation_accuracy, signed=True))
