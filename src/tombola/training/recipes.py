"""Recipes derived from an experiment's own: what pruned levels are trained by."""

from tombola.specs import ExperimentSpec, Length, ScheduleSpec, TrainSpec
from tombola.training.schedule import learning_rate


def level_recipe(spec: ExperimentSpec, per_epoch: int) -> TrainSpec | None:
    """Return the recipe that pruned levels go on by where it is not the experiment's own.

    Parameters
    ----------
    spec
        The experiment; ``prune.rewind: none`` fine-tunes, ``prune.finetune`` is the length of levels after dense.
    per_epoch
        Batches of one epoch, for lengths given in epochs.
    """
    train = fine_tuning(spec.train, per_epoch) if spec.prune.rewind == "none" else None
    if spec.prune.finetune is None:
        return train
    return (train or spec.train).model_copy(update={"length": spec.prune.finetune})


def fine_tuning(train: TrainSpec, per_epoch: int) -> TrainSpec:
    """Return the recipe with the learning rate of its last step throughout (Renda et al. 2020).

    Examples
    --------
    >>> train = TrainSpec(lr=0.1, length="9st", schedule={"kind": "steps", "milestones": ["4st", "8st"]})
    >>> round(fine_tuning(train, per_epoch=3).lr, 6)
    0.001
    """
    last = Length.parse(train.length).steps(per_epoch) - 1
    return train.model_copy(update={"lr": learning_rate(train, per_epoch)(last), "schedule": ScheduleSpec()})
