"""The control of a search's initial values: the mask with weights of another distribution."""

from tombola.experiments.controls.context import ControlContext
from tombola.experiments.controls.reinit import drawn, without_early_stop
from tombola.experiments.controls.rule import controls
from tombola.experiments.trial import Trial, fresh_state


@controls.register("reinit-kaiming", refuses=without_early_stop)
def reinit_kaiming(context: ControlContext) -> Trial:
    """Re-initialise, weights from a Kaiming normal distribution whatever the ticket's were (sparse-analysis, 4.2).

    ``reinit`` draws them by ``network.weight_init``, which for searched masks often is a signed constant: both leave
    the mask and ask whether the values it was found with matter. All else is as in ``reinit``; where that is the same
    distribution, this is ``reinit`` with other draws.
    """
    spec = context.spec.with_(network={"weight_init": "kaiming-normal"})
    weights = fresh_state(spec, context.shape, context.seed)
    return context.anew(drawn(context) | {name: weights[name] for name in context.mask})
