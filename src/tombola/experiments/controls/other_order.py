"""The control of chance: the same ticket, seeing the same images in another order."""

from dataclasses import replace

from tombola.experiments.controls.context import ControlContext, needs_start
from tombola.experiments.controls.rule import controls
from tombola.experiments.trial import Trial
from tombola.specs.experiment import OTHER_ORDER
from tombola.streams import stream_seed


@controls.register(OTHER_ORDER, refuses=needs_start, resumes=True)
def other_order(context: ControlContext) -> Trial:
    """Train the same ticket in another data order (the noise of SGD; Frankle et al. 2020, section 2).

    Only the order, augmentation and dropout differ; a repetition has one order for all levels. The dense level has
    this control too, from step k on where ``prune.rewind`` is ``step:K``. `tombola connectivity` measures how far
    such copies end from each other.
    """
    state = context.ticket.initial if context.level else context.whole
    seed = stream_seed(context.spec.seed, "control", context.replicate, 0, context.name, context.repetition)
    return replace(context.again(state), seed=seed)
