"""One-shot pruning: every level is made from the trained dense network, in one step."""

from tombola.experiments.procedures.context import LevelContext
from tombola.experiments.procedures.dense import dense_trial
from tombola.experiments.procedures.found import refuse_fields_of_at_init, reported
from tombola.experiments.procedures.restart import restarted
from tombola.experiments.procedures.rule import Procedure, procedures
from tombola.experiments.trial import Trial
from tombola.pruning import prune_to_level

FIRST = 1
"""All levels draw from the score stream of this one, so they rank weights alike, and as iterative pruning's first."""


def one_shot_trial(context: LevelContext) -> Trial:
    """Prune the trained dense network to what the level keeps, then rewind the survivors.

    Levels keep as many weights per layer as those of iterative pruning, masks are nested, and levels do not depend on
    each other (playground reference, section 6.2). Level 1 is that of iterative pruning.
    """
    parent, dense = context.parent, context.dense
    if parent is None or dense is None:
        return dense_trial(context)
    mask = prune_to_level(context.scoring(parent, dense, FIRST), context.spec.prune, context.level)
    return reported(restarted(context, parent, dense, mask), context)


procedures.register("one-shot")(
    Procedure(parent=lambda level: 0 if level else None, trial=one_shot_trial, refuses=refuse_fields_of_at_init)
)
