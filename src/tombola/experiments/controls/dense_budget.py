"""The control of the budget: whether pruning helps, or only the training that comes with it."""

from tombola.errors import TombolaError
from tombola.experiments.controls.chain import above, unchained
from tombola.experiments.controls.context import ControlContext
from tombola.experiments.controls.dense_short import once
from tombola.experiments.controls.rule import controls
from tombola.experiments.trial import Trial, with_initial
from tombola.pruning import Ticket
from tombola.specs import ExperimentSpec, TrainSpec
from tombola.store.jobs import read_records
from tombola.training.recipes import level_recipe

NAME = "dense-budget"


def without_budget(spec: ExperimentSpec, repetitions: int) -> str | None:
    """Refuse repetitions, levels that do not go on from each other, and a schedule that depends on when it ends."""
    if spec.train.converge.active and spec.train.schedule.kind == "cosine":
        return (
            "it trains as many steps as the ticket took until it converged, and a cosine schedule depends on its "
            "length; take train.schedule.kind constant or steps"
        )
    return once(spec, repetitions) or unchained(spec, repetitions)


@controls.register(NAME, needs=above, refuses=without_budget, dense=True, chains=True)
def dense_budget(context: ControlContext) -> Trial:
    """Train the dense network on for as many steps as all fine-tuning up to this level took, nothing pruned.

    A chain of its own: level p goes on from level p - 1 of the same control (the dense level at level 1) with a new
    optimiser and for the steps that the ticket of level p trained, so restarts are the ticket's, too. With a
    convergence rule the best epoch of these steps is restored, as the ticket's is: neither budget nor selection
    differs, only that nothing is pruned.
    """
    note = {"control": context.name, "repetition": context.repetition}
    dense = context.dense
    ticket = with_initial(Ticket({}, dense.mask, note), context.above.trained)
    return Trial(ticket, train=as_long(context))


def as_long(context: ControlContext) -> TrainSpec:
    """Return the recipe of the ticket, of exactly as many steps as it took.

    Raises
    ------
    TombolaError
        If it has no records.
    """
    steps = read_records(context.original.path).step
    if not len(steps):
        raise TombolaError(f"{context.original.info.id} has no records, so there is no budget to match")
    taken = int(steps[-1] - steps[0])
    train = level_recipe(context.spec, context.per_epoch) or context.spec.train
    if not train.converge.active:
        return train
    epochs = -(-taken // context.per_epoch)
    least = train.converge.model_copy(update={"minimum": epochs})  # it neither ends earlier nor lasts longer
    return train.model_copy(update={"length": f"{taken}st", "converge": least})
