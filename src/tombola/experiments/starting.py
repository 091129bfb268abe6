"""What tickets found at initialisation are cut from: the weights that were scored, or others; rescaled or not."""

import torch

from tombola.experiments.trial import Shape, fresh_state
from tombola.networks.state import State
from tombola.pruning import Mask
from tombola.specs import ExperimentSpec
from tombola.specs.prune import AT_INIT
from tombola.streams import stream_seed

OWN_START = "own_start"
"""Where a transferred ticket's provenance says that it starts from other weights than its dense network did."""


def cut_from(spec: ExperimentSpec, shape: Shape, replicate: int, scored: State, mask: Mask) -> State:
    """Return the complete state that a ticket with a mask starts from, a value at every place.

    Parameters
    ----------
    spec, shape, replicate
        The experiment, its network's input and classes, and where in it.
    scored
        The dense network's state at step 0, or at step k: what scores saw.
    mask
        The ticket's; only its counts matter.
    """
    prune = spec.prune
    if prune.procedure != AT_INIT:
        return scored
    if prune.reinitialise:
        scored = fresh_state(spec, shape, stream_seed(spec.seed, "reinitialise", replicate))
    return rescaled(scored, mask) if prune.rescale else scored


def rescaled(state: State, mask: Mask) -> State:
    """Return a state with each layer's weights divided by the square root of its density.

    A unit that has a share of its inputs left then gets numbers of the variance it had with all of them. Biases stay,
    and so do layers without survivors.
    """
    counts, sizes = mask.remaining(), mask.sizes()
    divided = {
        name: state[name] * torch.tensor((sizes[name] / counts[name]) ** 0.5).to(state[name].dtype)
        for name in mask
        if counts[name]
    }
    return state | divided
