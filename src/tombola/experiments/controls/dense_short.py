"""The control of time: whether the ticket is better, or was only stopped earlier."""

from tombola.errors import TombolaError
from tombola.experiments.controls.context import ControlContext
from tombola.experiments.controls.rule import controls
from tombola.experiments.trial import Trial
from tombola.pruning import Ticket
from tombola.specs import ConvergeSpec, ExperimentSpec, Length, TrainSpec
from tombola.specs.prune import GRADUAL


def once(spec: ExperimentSpec, repetitions: int) -> str | None:
    """Refuse repetitions: nothing in this control is random."""
    return None if repetitions == 1 else "nothing in it is random, so repetitions would be copies; ask for one"


def without_start(spec: ExperimentSpec, repetitions: int) -> str | None:
    """Refuse repetitions, and levels whose training is only the last part of what made them."""
    if spec.prune.procedure == GRADUAL:
        return (
            f"a ticket's early stop counts the steps of its own level alone, and levels of prune.procedure = "
            f"'{GRADUAL}' go on from each other; take dense-budget"
        )
    return once(spec, repetitions)


@controls.register("dense-short", refuses=without_start, dense=True)
def dense_short(context: ControlContext) -> Trial:
    """Train the replicate's dense network for only as many steps as the ticket took to its early stop.

    The whole schedule shrinks with the length: warm-up and milestones in proportion, a cosine to its end. It starts at
    step 0 with the initial weights of the replicate; where the ticket was rewound to step k, its k dense steps count.
    With a constant learning rate it repeats the first steps of the dense level. A convergence rule chose the ticket's
    early stop and chooses nothing here: exactly these steps are trained.
    """
    step = context.original.info.early_stop_step
    if not step:
        told = "has no early stop" if step is None else "was at its best before its first step"
        raise TombolaError(f"{context.original.info.id} {told}, so there is no length to train for")
    note = {"control": context.name, "repetition": context.repetition}
    ticket = Ticket(context.dense.initial, context.dense.mask, note)
    return Trial(ticket, train=shortened(context.spec.train, step, context.per_epoch))


def shortened(train: TrainSpec, steps: int, per_epoch: int) -> TrainSpec:
    """Return a recipe squeezed to exactly a number of steps, its schedule in proportion (rounded to whole steps).

    Parameters
    ----------
    train
        The recipe.
    steps
        The new length.
    per_epoch
        Batches of one epoch.

    Examples
    --------
    >>> shortened(TrainSpec(length="100st", schedule={"kind": "cosine", "warmup": "10st"}), 40, 1).schedule.warmup
    '4st'
    """
    total = Length.parse(train.length).steps(per_epoch)

    def scaled(length: str) -> str:
        return f"{round(Length.parse(length).steps(per_epoch) * steps / total)}st"

    schedule = train.schedule.model_dump() | {
        "warmup": scaled(train.schedule.warmup),
        "milestones": [scaled(milestone) for milestone in train.schedule.milestones],
    }
    return TrainSpec.model_validate(
        train.model_dump() | {"length": f"{steps}st", "schedule": schedule, "converge": ConvergeSpec()}
    )
