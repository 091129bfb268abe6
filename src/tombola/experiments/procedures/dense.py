"""No pruning: the dense level, of this procedure and of every other."""

from tombola.experiments.procedures.context import LevelContext
from tombola.experiments.procedures.rule import Procedure, procedures
from tombola.experiments.trial import Trial, with_initial
from tombola.pruning import Mask, Ticket


def dense_trial(context: LevelContext) -> Trial:
    """Return the replicate's initial network with nothing pruned, or pruned as the file of ``network.weights`` is."""
    given, mask = context.given, Mask.dense(context.layers)
    if given is None:
        return Trial(Ticket(context.initial(), mask, {"procedure": "dense"}))
    initial = Ticket({}, mask if given.mask is None else given.mask, {"procedure": "dense", "weights": given.note()})
    return Trial(with_initial(initial, context.initial()), found={"weights": given.note()})


procedures.register("dense")(Procedure(parent=lambda level: None, trial=dense_trial))
