"""Controls of which survivor has which weight: the same mask, the same values, elsewhere (Zhou et al. 2019).

Weights are those the ticket starts from, whatever it was rewound to; biases and normalisation stay, and training goes
on from there as the ticket's does.
"""

import torch
from torch import Tensor

from tombola.experiments.controls.context import ControlContext, needs_start
from tombola.experiments.controls.rule import controls
from tombola.experiments.controls.shuffle import reordering
from tombola.experiments.trial import Trial


@controls.register("weights-shuffled", refuses=needs_start, resumes=True)
def weights_shuffled(context: ControlContext) -> Trial:
    """Permute the initial values of the survivors among the survivors of their layer (Zhou et al. 2019)."""
    state = dict(context.ticket.initial)
    for name, keep in context.mask.items():
        state[name] = permuted(state[name], keep, context.generator)
    return context.again(state)


@controls.register("weights-shuffled-keep-signs", refuses=needs_start, resumes=True)
def weights_shuffled_keep_signs(context: ControlContext) -> Trial:
    """Permute the survivors' initial values within their layer, positive and negative ones apart (Zhou et al. 2019)."""
    state = dict(context.ticket.initial)
    for name, keep in context.mask.items():
        for side in (keep & (state[name] > 0), keep & (state[name] < 0)):
            state[name] = permuted(state[name], side, context.generator)
    return context.again(state)


@controls.register("shuffle-signs", refuses=needs_start, resumes=True)
def shuffle_signs(context: ControlContext) -> Trial:
    """Permute the signs of the survivors' initial values within their layer; magnitudes stay where they are."""
    state = dict(context.ticket.initial)
    for name, keep in context.mask.items():
        where = keep & (state[name] != 0)  # a survivor that is zero has no sign to give
        state[name] = state[name].abs() * permuted(state[name].sign(), where, context.generator)
    return context.again(state)


def permuted(weight: Tensor, where: Tensor, generator: torch.Generator) -> Tensor:
    """Return a weight with the values at some places in another order, wherever another order makes a difference."""
    values = weight[where]
    return weight.masked_scatter(where, values[reordering(values, generator)])
