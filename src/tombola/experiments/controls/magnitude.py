"""Controls of training before pruning: as many weights of every layer, chosen by their size before training."""

import torch

from tombola.experiments.controls.context import ControlContext, needs_whole
from tombola.experiments.controls.dense_short import once
from tombola.experiments.controls.reinit import drawn, without_early_stop
from tombola.experiments.controls.rule import controls
from tombola.experiments.controls.shuffle import holding_at_random
from tombola.experiments.trial import Trial
from tombola.networks.state import State
from tombola.pruning import Mask
from tombola.pruning.ranking import lowest
from tombola.specs import ExperimentSpec
from tombola.streams import stream_seed


def fixed(spec: ExperimentSpec, repetitions: int) -> str | None:
    """Refuse repetitions, and where weights at new places have no value."""
    return once(spec, repetitions) or needs_whole(spec, repetitions)


@controls.register("magnitude-at-init", refuses=fixed, resumes=True)
def magnitude_at_init(context: ControlContext) -> Trial:
    """Keep as many weights per layer as the ticket: the largest of the replicate's own initial weights.

    Magnitudes are those at step 0, whatever the ticket was rewound to; equal ones by index. Rewinding is that of
    ``shuffle-layerwise``. Nothing in it is random.
    """
    return context.again(context.whole, largest(context.dense.initial, context.mask, context.generator))


@controls.register("magnitude-at-init-fresh", refuses=without_early_stop)
def magnitude_at_init_fresh(context: ControlContext) -> Trial:
    """Keep as many weights per layer as the ticket: the largest of newly drawn ones (signs, 1.6: "random" of SaSD).

    All else is as in ``reinit``.
    """
    state = drawn(context)
    generator = torch.Generator().manual_seed(stream_seed(context.seed, "mask"))
    return context.anew(state, largest(state, context.mask, generator))


def largest(state: State, mask: Mask, generator: torch.Generator) -> Mask:
    """Return the mask of the largest weights of each layer, as many as in a mask.

    Parameters
    ----------
    state
        Complete weights.
    mask
        What it is to have the counts of.
    generator
        Says which pruned weights are held at values, where the mask holds some of them.
    """
    keep = {}
    for name, count in mask.remaining().items():
        magnitudes = state[name].detach().float().abs().flatten()
        keep[name] = ~lowest(magnitudes, len(magnitudes) - count).view(state[name].shape)
    return holding_at_random(keep, mask, generator)
