"""The control of time: whether the ticket is better, or was only stopped earlier."""

from tombola.errors import TombolaError
from tombola.experiments.controls.context import ControlContext
from tombola.experiments.controls.rule import controls
from tombola.experiments.trial import Trial
from tombola.pruning import Ticket
from tombola.specs import ExperimentSpec, Length, TrainSpec


def once(spec: ExperimentSpec, repetitions: int) -> str | None:
    """Refuse repetitions: nothing in this control is random."""
    return None if repetitions == 1 else "nothing in it is random, so repetitions would be copies; ask for one"


@controls.register("dense-short", refuses=once, dense=True)
def dense_short(context: ControlContext) -> Trial:
    """Train the replicate's dense network for only as many steps as the ticket took to its early stop.

    The whole schedule shrinks with the length: warm-up and milestones in proportion, a cosine to its end. It starts at
    step 0 with the initial weights of the replicate; where the ticket was rewound to step k, its k dense steps count.
    With a constant learning rate it repeats the first steps of the dense level.
    """
    step = context.original.info.early_stop_step
    if step is None:
        raise TombolaError(f"{context.original.info.id} has no early stop, so there is no length to train for")
    note = {"control": context.name, "repetition": context.repetition}
    ticket = Ticket(context.dense.initial, context.dense.mask, note)
    return Trial(ticket, train=shortened(context.spec.train, step, context.per_epoch))


def shortened(train: TrainSpec, steps: int, per_epoch: int) -> TrainSpec:
    """Return a recipe squeezed to a number of steps, its schedule in proportion (rounded to whole steps).

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
    return TrainSpec.model_validate(train.model_dump() | {"length": f"{steps}st", "schedule": schedule})
