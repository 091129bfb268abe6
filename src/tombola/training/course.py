"""The course of one training: from which step to which, what is recorded and kept on the way; checked first."""

from collections.abc import Sequence
from dataclasses import dataclass

from tombola.data.augment import Augmentation
from tombola.data.dataset import Dataset
from tombola.errors import TombolaError
from tombola.records import GRID, record_steps
from tombola.specs import Length, TrainSpec
from tombola.training.engine import Task
from tombola.training.hold import masked_weights


@dataclass(frozen=True)
class Course:
    """The steps of one training.

    Attributes
    ----------
    start, total
        First and last step, in completed optimiser steps.
    per_epoch
        Batches of one epoch.
    records
        Flags of every record by step, ascending; the first one is taken before training.
    snapshots
        Steps after which the state is kept.
    moves
        Steps after which the mask moves.
    epochs
        Steps at which a convergence rule looks: the ends of epochs, and the last step; empty without a rule.
    """

    start: int
    total: int
    per_epoch: int
    records: dict[int, int]
    snapshots: frozenset[int]
    moves: frozenset[int] = frozenset()
    epochs: frozenset[int] = frozenset()

    def stops(self) -> list[int]:
        """Return the steps at which training pauses for a record, a snapshot or a move of the mask, ascending."""
        return sorted(self.records.keys() | self.snapshots | self.moves)


def plan_courses(tasks: Sequence[Task], data: Dataset, train: TrainSpec) -> list[Course]:
    """Return the courses of tasks: what every engine checks before anything is computed.

    Raises
    ------
    TombolaError
        If the recipe does not fit the data, a task's steps do not fit the recipe, or a mask does not fit its network.
    """
    courses = [plan_course(task, data, train) for task in tasks]
    for task in tasks:
        masked_weights(task.module, task.mask)
    return courses


def plan_course(task: Task, data: Dataset, train: TrainSpec) -> Course:
    """Return the course of a task.

    Raises
    ------
    TombolaError
        If the recipe does not fit the data, or the task's steps do not fit the recipe.
    """
    samples = len(data.train)
    if train.batch_size > samples:
        raise TombolaError(
            f"train.batch_size = {train.batch_size} exceeds the {samples} training samples of {data.name}; "
            "use a smaller batch"
        )
    if not len(data.validation):
        raise TombolaError(
            f"{data.name} has no validation samples, which early stop needs; set data.validation above 0"
        )
    Augmentation(data.augment)
    per_epoch = samples // train.batch_size
    total = Length.parse(train.length).steps(per_epoch)
    interval = Length.parse(train.record_every).steps(per_epoch)
    if interval > total and not train.converge.active:
        raise TombolaError(
            f"train.record_every = '{train.record_every}' is longer than training ({total} steps); record more often"
        )
    if not 0 <= task.start_step < total:
        raise TombolaError(f"start_step = {task.start_step} is not before the end of training ({total} steps)")
    for step in task.snapshots:
        if not task.start_step <= step <= total:
            raise TombolaError(
                f"snapshot at step {step} is outside the training from step {task.start_step} to {total}"
            )
    epochs = _epoch_ends(task, train, per_epoch, total)
    records = dict.fromkeys(epochs, GRID) | dict(record_steps(task.start_step, total, interval))
    return Course(
        task.start_step,
        total,
        per_epoch,
        dict(sorted(records.items())),
        frozenset(task.snapshots),
        frozenset(step for step in task.moves.steps if task.start_step < step < total) if task.moves else frozenset(),
        epochs,
    )


def _epoch_ends(task: Task, train: TrainSpec, per_epoch: int, total: int) -> frozenset[int]:
    """Return the steps at which a convergence rule looks."""
    if not train.converge.active:
        return frozenset()
    if task.moves is not None:
        raise TombolaError(
            f"train.converge.rule = '{train.converge.rule}': a mask that moves goes by a fixed number of steps; "
            "set train.converge.rule to none"
        )
    return frozenset(range((task.start_step // per_epoch + 1) * per_epoch, total, per_epoch)) | {total}
