"""What is known of every network of a stack: its records, and whether it failed."""

import math
from collections.abc import Sequence

from tombola.training.course import Course
from tombola.training.engine import OnRecord, Progress
from tombola.training.evaluate import Evaluation
from tombola.training.journal import Journal


class Ledger:
    """Journals of a stack. A network that fails is closed; the others go on.

    Parameters
    ----------
    numbers
        Places of the networks among all tasks.
    course
        Steps and flags of their records.
    on_record
        Called at every record of every network.
    """

    def __init__(self, numbers: Sequence[int], course: Course, on_record: OnRecord | None) -> None:
        self._numbers, self._course, self._on_record = numbers, course, on_record
        self.journals = [Journal() for _ in numbers]
        self.reasons = ["" for _ in numbers]
        """Why each failed; empty where it did not."""

    def running(self) -> list[int]:
        """Return the networks that have not failed."""
        return [member for member, reason in enumerate(self.reasons) if not reason]

    def check(self, before: int, step: int, losses: Sequence[float]) -> None:
        """Close the networks whose summed training loss since step `before` is not finite."""
        if step == before:
            return
        for member in self.running():
            train_loss = losses[member] / (step - before)
            if not math.isfinite(train_loss):
                self._add(member, step, train_loss=train_loss)
                self.reasons[member] = f"the training loss became {train_loss} between step {before} and step {step}"

    def add(
        self,
        before: int,
        step: int,
        losses: Sequence[float],
        validation: Sequence[Evaluation],
        tests: Sequence[Evaluation] | None,
    ) -> list[int]:
        """Record the running networks; return those whose validation loss is the smallest so far."""
        improved = []
        for member in self.running():
            measures = {
                "train_loss": losses[member] / (step - before) if step > before else math.nan,
                "val_loss": validation[member].loss,
                "val_accuracy": validation[member].accuracy,
            }
            if tests is not None:
                measures["test_accuracy"] = tests[member].accuracy
            if self._add(member, step, **measures):
                improved.append(member)
        return improved

    def close(self) -> None:
        """Fail the networks that never had a finite validation loss."""
        for member in self.running():
            if self.journals[member].best is None:
                self.reasons[member] = "no record has a finite validation loss"

    def _add(self, member: int, step: int, **measures: float) -> bool:
        improved = self.journals[member].add(step, self._course.records[step], **measures)
        if self._on_record is not None:
            values = {name: measures.get(name, math.nan) for name in ("val_accuracy", "val_loss", "train_loss")}
            self._on_record(Progress(step, self._course.total, **values, task=self._numbers[member]))
        return improved
