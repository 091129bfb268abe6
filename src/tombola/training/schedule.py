"""The learning rate as a function of the step, so that rewinding to step k restarts at the rate of step k."""

import math
from collections.abc import Callable

from tombola.specs import Length, ScheduleSpec, TrainSpec

Shape = Callable[[int], float]


def learning_rate(train: TrainSpec, per_epoch: int) -> Callable[[int], float]:
    """Return the function from completed steps to the learning rate of the next step.

    After t completed steps, with T steps in all, W of them warm-up, the rate is ``train.lr`` times

    - warm-up (t < W): t / W, from zero;
    - ``constant``: 1;
    - ``steps``: ``factor`` to the power of the number of milestones m ≤ t;
    - ``cosine``: (1 + cos(π (t - W) / (T - W))) / 2.

    Milestones count from step 0, warm-up included.

    Parameters
    ----------
    train
        The recipe.
    per_epoch
        Batches of one epoch, for lengths given in epochs.

    Examples
    --------
    >>> rate = learning_rate(TrainSpec(lr=0.1, length="100st", schedule={"kind": "steps", "milestones": ["50st"]}), 10)
    >>> rate(49), round(rate(50), 3)
    (0.1, 0.01)
    """
    schedule = train.schedule
    total = Length.parse(train.length).steps(per_epoch)
    warmup = Length.parse(schedule.warmup).steps(per_epoch)
    shape = _shape(schedule, warmup, total, per_epoch)

    def rate(step: int) -> float:
        return train.lr * (step / warmup if step < warmup else shape(step))

    return rate


def _shape(schedule: ScheduleSpec, warmup: int, total: int, per_epoch: int) -> Shape:
    if schedule.kind == "steps":
        milestones = [Length.parse(text).steps(per_epoch) for text in schedule.milestones]
        return lambda step: schedule.factor ** sum(step >= milestone for milestone in milestones)
    if schedule.kind == "cosine":
        return lambda step: (1 + math.cos(math.pi * (step - warmup) / max(total - warmup, 1))) / 2
    return lambda step: 1.0
