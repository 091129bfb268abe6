"""The control of everything: another random network with as many weights in every layer."""

import torch

from tombola.experiments.controls.context import ControlContext
from tombola.experiments.controls.reinit import drawn, without_early_stop
from tombola.experiments.controls.rule import controls
from tombola.experiments.controls.shuffle import shuffled
from tombola.experiments.trial import Trial
from tombola.streams import stream_seed


@controls.register("random", refuses=without_early_stop)
def random_network(context: ControlContext) -> Trial:
    """Draw new weights and a random mask with as many survivors per layer as in this ticket (signs, section 1.6).

    The random sparse network, matched to each ticket: nothing but the counts per layer is the ticket's. Weights are
    those of ``reinit``, and training takes its full length from step 0; the mask is one of ``shuffle-layerwise``, from
    a stream of its own. (As published, all random networks had the densities of one ticket.)
    """
    mask = context.mask
    generator = torch.Generator().manual_seed(stream_seed(context.seed, "mask"))
    return context.anew(drawn(context), shuffled(mask, [[name] for name in mask], generator))
