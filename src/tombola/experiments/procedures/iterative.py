"""Iterative pruning: every level is made from the one above it."""

from tombola.experiments.procedures.context import LevelContext
from tombola.experiments.procedures.dense import dense_trial
from tombola.experiments.procedures.found import refuse_fields_of_at_init, reported
from tombola.experiments.procedures.restart import restarted
from tombola.experiments.procedures.rule import Procedure, procedures
from tombola.experiments.trial import Trial
from tombola.pruning import prune_round


def iterative_trial(context: LevelContext) -> Trial:
    """Prune what the level above ended with by one round, then rewind the survivors (Frankle & Carbin 2019, section 2).

    Scores see the weights after the last step, the network they make, and training images. What survivors return to is
    said by ``prune.rewind``.
    """
    parent, dense = context.parent, context.dense
    if parent is None or dense is None:
        return dense_trial(context)
    prune = context.spec.prune
    planned = prune.densities or prune.rates or prune.counts != "iterated"
    mask = prune_round(context.scoring(parent, dense), prune, context.plan if planned else None)
    return reported(restarted(context, parent, dense, mask), context)


procedures.register("iterative")(
    Procedure(
        parent=lambda level: level - 1 if level else None, trial=iterative_trial, refuses=refuse_fields_of_at_init
    )
)
