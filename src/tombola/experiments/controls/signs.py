"""Controls of what survives re-initialisation: the sign, or a constant (Zhou et al. 2019).

They are ``reinit`` with something said about the survivors' weights: all else is drawn anew, and training takes its
full length from step 0. Signs are those of the weights the ticket starts from: at step k with ``prune.rewind: step:K``.
"""

import torch
from torch import Tensor

from tombola.experiments.controls.context import ControlContext, needs_start
from tombola.experiments.controls.reinit import drawn, without_early_stop
from tombola.experiments.controls.rule import controls
from tombola.experiments.trial import Trial
from tombola.specs import ExperimentSpec


def without_signs(spec: ExperimentSpec, repetitions: int) -> str | None:
    """Refuse where the signs, or what else the control starts from, are not kept."""
    return without_early_stop(spec, repetitions) or needs_start(spec, repetitions)


@controls.register("reinit-keep-signs", refuses=without_signs)
def reinit_keep_signs(context: ControlContext) -> Trial:
    """Re-initialise, but let every surviving weight keep its initial sign (Zhou et al. 2019)."""
    own, fresh = context.weights, drawn(context)
    return context.anew(fresh | {name: fresh[name].abs() * own[name].sign() for name in context.mask})


@controls.register("reinit-constant-keep-signs", refuses=without_signs)
def reinit_constant_keep_signs(context: ControlContext) -> Trial:
    """Re-initialise, surviving weights to their initial sign times one constant per layer (Zhou et al. 2019).

    The constant is the standard deviation of the layer's initial weights in the dense network. Biases are the only
    thing drawn: with ``network.bias_init: zeros`` all repetitions are the same.
    """
    own, fresh = context.weights, drawn(context)
    constants = {name: deviation(context.dense.initial[name]) * own[name].sign() for name in context.mask}
    return context.anew(fresh | constants)


@controls.register("reinit-constant", refuses=without_early_stop)
def reinit_constant(context: ControlContext) -> Trial:
    """Re-initialise, surviving weights to a random sign times one constant per layer (Zhou et al. 2019).

    What ``reinit-constant-keep-signs`` is to be compared with: the same constants, the signs of a fresh draw.
    """
    fresh = drawn(context)
    constants = {name: deviation(context.dense.initial[name]) * fresh[name].sign() for name in context.mask}
    return context.anew(fresh | constants)


def deviation(weight: Tensor) -> Tensor:
    """Return the standard deviation of a layer's weights; their mean magnitude where they are all the same."""
    spread = weight.std(correction=0)
    return torch.where(spread > 0, spread, weight.abs().mean())
