"""The course of one training, whatever the engine: records, the state at early stop, snapshots, failure."""

import math
from time import perf_counter

import torch

from tombola.data.dataset import Dataset, Part
from tombola.networks.state import State, capture, restore
from tombola.pruning import Mask
from tombola.records import FINAL, RESTORED
from tombola.specs import TrainSpec
from tombola.training.course import Course
from tombola.training.dense_gradients import DenseGradients
from tombola.training.engine import FitResult, OnRecord, Progress, Task
from tombola.training.journal import Journal, Kept
from tombola.training.learner import Learner
from tombola.training.measure import Measured, measure
from tombola.training.moves import Journey, Moment, clear_
from tombola.training.watch import Watch


class Training:
    """One training in progress.

    Parameters
    ----------
    learner
        The network and what trains it.
    task, course, data, train
        What to train, how far, on what, by which recipe.
    number
        Position of the task among those of the engine.
    on_record
        Called at every record.
    """

    def __init__(
        self,
        learner: Learner,
        task: Task,
        course: Course,
        data: Dataset,
        train: TrainSpec,
        number: int,
        on_record: OnRecord | None,
    ) -> None:
        self.learner, self.task, self.course, self.number, self.on_record = learner, task, course, number, on_record
        self.data, self.bf16, self.device = data, train.precision == "bf16", torch.device("cpu")
        self.tests = len(data.test) > 0
        self.test_curve = train.test_curve and self.tests
        self.journal, self.kept = Journal(), Kept(task.module)
        self.snapshots: dict[int, State] = {}
        self.loss = 0.0
        self.evaluating = 0.0
        self.journey = Journey(task.mask) if task.moves is not None and task.mask is not None else None
        self.kept_mask: Mask | None = None
        self.watch = Watch(train, course) if train.converge.active else None
        self.gradients = DenseGradients(task, data, train.batch_size) if self.journey is not None else None

    def run(self, engine: str, device: torch.device, threads: int) -> FitResult:
        """Train to the end or to the first failure."""
        began, self.device = perf_counter(), device
        reason, done, recorded = "", self.course.start, self.course.start
        for stop in self.course.stops():
            self.loss += self.learner.advance(done, stop)
            self.learner.settle()
            done = stop
            if stop in self.course.snapshots:
                self.snapshots[stop] = capture(self.task.module)
            if stop in self.course.records:
                reason = self._record(recorded, stop)
                recorded = stop
            if reason or (self.watch is not None and self.watch.ends(stop)):
                break
            if self.journey is not None and stop in self.course.moves:
                self._move(stop, self.journey)
        if not reason and self.journal.best is None:
            reason = "no record has a finite validation loss"
        restored = self._restored(self.watch) if self.watch is not None and not reason else {}
        trained = capture(self.task.module)
        if not reason and self.watch is None and self.tests and not self.test_curve:
            self._test_at_the_end(trained)
        return FitResult(
            status="failed" if reason else "done",
            reason=reason,
            records=self.journal.records(),
            trained=trained,
            early_stop=self.kept.state,
            snapshots=self.snapshots,
            seconds=perf_counter() - began,
            evaluation_seconds=self.evaluating,
            engine=engine,
            device=str(device),
            threads=threads,
            journey=self.journey,
            early_stop_mask=self.kept_mask,
            convergence=self.watch.verdict(done, restored) if self.watch is not None and not reason else None,
        )

    def _move(self, step: int, journey: Journey) -> None:
        """Let the mask move; what it leaves and where it grows has no past."""
        moves, gradients = self.task.moves, self.gradients
        assert moves is not None
        assert gradients is not None
        state = capture(self.task.module)
        weights = {name: state[name] for name in journey.mask}
        moment = Moment(step, journey.mask, weights, lambda: gradients(journey.mask, step))
        cleared = journey.go(step, moves.rule(moment))
        clear_(self.task.module, cleared)
        self.learner.move(journey.mask, cleared)

    def _record(self, before: int, step: int) -> str:
        """Measure and record; return why training must stop, if it must."""
        flags = self.course.records[step]
        train_loss = self.loss / (step - before) if step > before else math.nan
        self.loss = 0.0
        if step > before and not math.isfinite(train_loss):
            self._add(step, flags, train_loss=train_loss)
            return f"the training loss became {train_loss} between step {before} and step {step}"
        measures = {"train_loss": train_loss} | self._measure()
        if self.watch is not None and step == self.course.start and self.tests:
            self.watch.before = self._measured(test=self.data.test)
            measures["test_accuracy"] = self.watch.before["test"].accuracy
        if self.watch is not None:
            measures |= self.watch.measures(before, step, self.learner.hits())
        improved = self._add(step, flags, **measures)
        if self.watch is not None:
            improved = self.watch.keeps(len(self.journal) - 1, step, measures)
        if improved:
            self.kept.keep(self.task.module)
            self.kept_mask = self.journey.mask if self.journey is not None else None
        return ""

    def _measure(self) -> dict[str, float]:
        began = perf_counter()
        validation = self.learner.validate()
        measures = {"val_loss": validation.loss, "val_accuracy": validation.accuracy}
        if self.test_curve:
            measures["test_accuracy"] = self.learner.test().accuracy
        self.evaluating += perf_counter() - began
        return measures

    def _restored(self, watch: Watch) -> dict[str, Measured]:
        """Bring back the weights that the rule chose, flag their record, and return what they reach."""
        data, last = self.data, len(self.journal) - 1
        if self.tests and not self.test_curve:
            self.journal.fill(last, test_accuracy=self.learner.test().accuracy)
        assert self.kept.state is not None  # the first record keeps one
        restore(self.task.module, self.kept.state)
        self.learner.reload()
        measured = self._measured(train=data.train, validation=data.validation, test=data.test)
        if self.tests and not self.test_curve:
            self.journal.fill(watch.restored, test_accuracy=measured["test"].accuracy)
        self.journal.flag(last, FINAL)
        self.journal.flag(watch.restored, RESTORED)
        return measured

    def _measured(self, **parts: Part) -> dict[str, Measured]:
        """Return what the module reaches on parts that are not empty."""
        began, module = perf_counter(), self.task.module
        found = {
            name: measure(module, self.data, part, self.device, bf16=self.bf16)
            for name, part in parts.items()
            if len(part)
        }
        self.evaluating += perf_counter() - began
        return found

    def _add(self, step: int, flags: int, **measures: float) -> bool:
        improved = self.journal.add(step, flags, **measures)
        if self.on_record is not None:
            values = {name: measures.get(name, math.nan) for name in ("val_accuracy", "val_loss", "train_loss")}
            self.on_record(Progress(step, self.course.total, **values, task=self.number))
        return improved

    def _test_at_the_end(self, trained: State) -> None:
        """Measure test accuracy of the trained and the early-stop state, and fill it into their records."""
        began = perf_counter()
        module, last, best = self.task.module, len(self.journal) - 1, self.journal.best
        self.journal.fill(last, test_accuracy=self.learner.test().accuracy)
        if best is not None and best != last and self.kept.state is not None:
            restore(module, self.kept.state)
            if self.kept_mask is None:
                self.learner.reload()
            else:
                self.learner.move(self.kept_mask, {})
            self.journal.fill(best, test_accuracy=self.learner.test().accuracy)
            restore(module, trained)
        self.evaluating += perf_counter() - began
