"""The published contribution score, in closed form: a² Σ |δ| over the kept outgoing weights (reference: signs 7)."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.grad import conv2d_input

from tombola.analysis.contributions.methods import Method, Question, Reading, gradient_at, methods
from tombola.analysis.contributions.replay import gathered
from tombola.errors import TombolaError


def outgoing_gradient(question: Question) -> Float[Tensor, "image unit"]:
    """Activation times the gradient of every kept outgoing weight, without signs, summed over these weights.

    The gradient of the weight from unit i to unit j is a_i δ_j, so that each image adds a_i² Σ_j |δ_j| over the kept
    j: neither size nor sign of the weights enters. A convolution uses each weight at many places; each use counts as a
    weight of its own, so that a convolution gets what the linear layer that does the same would get. So do the places
    of a channel that is flattened. A unit that is read by several layers gets the sum.
    """
    total = torch.zeros(len(question.labels), question.units, device=question.labels.device)
    for reading in question.readings:
        total = total + _behind(question, reading)
    return total


def _behind(question: Question, reading: Reading) -> Float[Tensor, "image unit"]:
    replay, layer = question.replay, reading.reader.layer
    taken = replay.taken(layer)
    error = gradient_at(replay.returned(layer), lambda x: question.losses(replay.from_returned(layer, x))).abs()
    keep, node = reading.keep.to(error), reading.node
    if node.op == "linear":
        reached = error @ keep
    elif node.op == "conv":
        reached = conv2d_input(  # type: ignore[no-untyped-call]
            taken.shape, keep, error, node["stride"], node["padding"], node["dilation"], node["groups"]
        )
    else:
        raise TombolaError(f"{node.label} is neither linear nor a convolution")
    return gathered(taken.square() * reached, reading.reader.units, question.units)


methods.register("outgoing-gradient")(Method(outgoing_gradient))
methods.register("contribution-signs2024")(Method(outgoing_gradient, drops_dead=True))
