"""No pruning: the dense level, of this procedure and of every other."""

from tombola.experiments.procedures.context import LevelContext
from tombola.experiments.procedures.rule import Procedure, procedures
from tombola.experiments.trial import Trial
from tombola.pruning import Mask, Ticket


def dense_trial(context: LevelContext) -> Trial:
    """Return the replicate's initial network with nothing pruned."""
    mask = Mask.dense(context.layers)
    return Trial(Ticket(context.initial(), mask, {"procedure": "dense"}))


procedures.register("dense")(Procedure(parent=lambda level: None, trial=dense_trial))
