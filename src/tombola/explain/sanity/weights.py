"""Cascading randomisation of weights: an explanation of what a network has learned must not survive its loss."""

from copy import deepcopy

import torch
from torch import nn

from tombola.explain.capture import undisturbed
from tombola.explain.layers import trace
from tombola.explain.sanity.check import Check, Steps, checks
from tombola.explain.sanity.question import Question, alike
from tombola.streams import stream_seed

LIMIT = 0.5
"""Rank correlation above which two maps share more than a quarter of the variance of their ranks. Maps of trained and
of random weights are never unrelated: both respond to contrast in the image."""
STEPS = 8
"""At most; layers of deep networks go several at a time."""


def weights(question: Question) -> Steps:
    """Weights are shuffled layer by layer, from the top down; maps must change (Adebayo et al. 2018).

    Every parameter's values are permuted within its tensor, so that their distribution, and the density, stay. Rank
    correlation with the original map, of the same class; the last step has no trained layer left.
    """
    module = deepcopy(question.module)
    layers = layers_from_the_top(module, question)
    generator = torch.Generator().manual_seed(stream_seed(question.seed, "explain", "weights"))
    per_step = -(-len(layers) // STEPS)
    found = {"trained": alike(question.original.maps, question.original.maps)}
    for start in range(0, len(layers), per_step):
        group = layers[start : start + per_step]
        for name in group:
            shuffle(module.get_submodule(name), generator)
        found[group[-1]] = alike(question.original.maps, question.maps(module))
    return found


def layers_from_the_top(module: nn.Module, question: Question) -> list[str]:
    """Return the names of parts with parameters of their own, the last one that runs first."""
    image = question.images[:1]
    device = next((tensor.device for tensor in module.parameters()), image.device)
    with undisturbed(module, device):
        steps = trace(module, image.to(device))
    names = dict.fromkeys(step.name for step in reversed(steps))
    return [name for name in names if any(True for _ in module.get_submodule(name).parameters(recurse=False))]


def shuffle(part: nn.Module, generator: torch.Generator) -> None:
    """Permute the values of each parameter of a part, in place."""
    with torch.no_grad():
        for parameter in part.parameters(recurse=False):
            order = torch.randperm(parameter.numel(), generator=generator).to(parameter.device)
            parameter.copy_(parameter.flatten()[order].reshape(parameter.shape))


checks.register("weights")(Check(weights, LIMIT, "its maps hardly change when every layer's weights are shuffled"))
