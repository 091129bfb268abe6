"""The control of the lottery-ticket hypothesis: the mask without the weights."""

from tombola.experiments.controls.context import ControlContext
from tombola.experiments.controls.rule import controls
from tombola.experiments.starting import rescaled
from tombola.experiments.trial import Trial
from tombola.networks import build, prunable_layers
from tombola.networks.state import State
from tombola.search.rescaling import as_searched
from tombola.specs import ExperimentSpec
from tombola.specs.prune import AT_INIT


def without_early_stop(spec: ExperimentSpec, repetitions: int) -> str | None:
    """Refuse ``prune.control_init: weights-only`` where the states it starts from are not kept."""
    if spec.prune.control_init == "weights-only" and spec.store.keep == "masks":
        return (
            "prune.control_init = 'weights-only' takes biases and normalisation from early-stop states, which "
            "store.keep = 'masks' drops; set store.keep to early-stop or all"
        )
    return None


@controls.register("reinit", refuses=without_early_stop)
def reinit(context: ControlContext) -> Trial:
    """Keep the mask, draw everything else anew (random re-initialisation, Frankle & Carbin 2019, section 2).

    Weights, biases and normalisation come from a fresh stream; training takes its full length from step 0, whatever the
    ticket was rewound to.
    """
    return context.anew(drawn(context))


def drawn(context: ControlContext) -> State:
    """Return the state that re-initialised controls start from: a fresh draw of everything.

    ``prune.control_init: weights-only`` is the defect of the reference framework (playground reference, B2): weights
    are drawn, biases and normalisation keep what the ticket had learned at its early stop.
    """
    state = context.fresh_state()
    if context.spec.prune.procedure == AT_INIT and context.spec.prune.rescale:
        state = rescaled(state, context.mask)
    state = as_searched(state, context.original.provenance)
    if context.spec.prune.control_init == "full":
        return state
    shape = context.shape
    layers = prunable_layers(build(context.spec.network, shape.input_shape, shape.classes, device="meta"))
    weights, learned = {layer.name for layer in layers}, context.original.early_stop
    return {name: value if name in weights else learned[name] for name, value in state.items()}
