"""The training of one stack: when it steps, pauses, and ends."""

from collections.abc import Callable, Sequence
from time import perf_counter

import torch

from tombola.data.batches import Prepare
from tombola.networks.state import State, restore
from tombola.training.course import Course
from tombola.training.engine import FitResult, OnRecord, Task
from tombola.training.schedule import learning_rate
from tombola.training.stacked.batches import StackedBatches
from tombola.training.stacked.capture import captured
from tombola.training.stacked.evaluation import StackedEvaluator
from tombola.training.stacked.ledger import Ledger
from tombola.training.stacked.members import Best, StackedHold, overwrite, state_of
from tombola.training.stacked.networks import Networks
from tombola.training.stacked.setting import Setting
from tombola.training.stacked.update import Update


class StackTraining:
    """The training of one stack in progress.

    Parameters
    ----------
    tasks, numbers, courses
        The tasks of the stack, their places among all tasks, and their courses, which differ in snapshots only.
    networks
        Their networks, on the device.
    setting
        What all stacks share.
    on_record
        Called at every record of every task.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        numbers: Sequence[int],
        courses: Sequence[Course],
        networks: Networks,
        setting: Setting,
        on_record: OnRecord | None,
    ) -> None:
        train, data, device = setting.train, setting.data, setting.device
        prepare = Prepare(data.normalisation, device, setting.precision.dtype, networks.channels_last)
        self.tasks, self.courses, self.networks, self.setting = tasks, courses, networks, setting
        self.course = courses[0]
        span = (self.course.start, self.course.total)
        self.batches = StackedBatches(tasks, data, setting.train_part, train.batch_size, span, prepare)
        rate = learning_rate(train, self.course.per_epoch)
        table = self.batches.window if setting.on_device else None
        self.update = Update(networks.parameters, train, rate, self.batches.position, table)
        self.hold = StackedHold(networks.masked)
        self.loss = torch.zeros(len(tasks), dtype=torch.float64, device=device)
        self.best = Best(networks.members)
        self.validation, self.test = (
            StackedEvaluator(networks, part, prepare, setting) for part in (setting.validation, setting.test)
        )
        self.ledger = Ledger(numbers, self.course, on_record)
        self.loaded = self.course.start
        self.action: Callable[[], None] | None = None
        self.evaluating = 0.0

    def run(self) -> list[FitResult]:
        """Train all to the end, or each to its first failure."""
        began, ledger, done, recorded = perf_counter(), self.ledger, self.course.start, self.course.start
        trained: dict[int, State] = {}
        snapshots: list[dict[int, State]] = [{} for _ in self.tasks]
        self.hold.weights()
        for stop in sorted({stop for course in self.courses for stop in course.stops()}):
            self._steps(done, stop)
            done = stop
            self.hold.weights()  # a weight decay above 1 / lr turns +0.0 into -0.0; nothing else gets here
            for member in ledger.running():
                if stop in self.courses[member].snapshots:
                    snapshots[member][stop] = self._state(member)
            if stop in self.course.records:
                running = ledger.running()
                self._record(recorded, stop)
                recorded = stop
                trained |= {member: self._state(member) for member in running if ledger.reasons[member]}
            if not ledger.running():
                break
        trained |= {member: self._state(member) for member in range(len(self.tasks)) if member not in trained}
        ledger.close()
        if not self.setting.train.test_curve and len(self.test):
            self._test_at_the_end()
        for member, task in enumerate(self.tasks):
            restore(task.module, trained[member])
        seconds = (perf_counter() - began) / len(self.tasks)
        return [self._result(member, trained[member], snapshots[member], seconds) for member in range(len(self.tasks))]

    def give_back(self) -> None:
        """Write the present weights to the tasks' modules: what an interrupted training leaves."""
        for member, task in enumerate(self.tasks):
            restore(task.module, self._state(member))

    def _steps(self, first: int, last: int) -> None:
        """Take the steps from `first` to `last`. Nothing in here waits for the device."""
        for step in range(first, last):
            if step >= self.loaded:
                begin = self.batches.load(step)
                self.update.load(begin)
                self.loaded = begin + self.batches.window
            if self.action is None:
                self.action = self._captured() if self._captures() else self._step
            self.update.before(step)
            self.action()

    def _step(self) -> None:
        """Take one step, on the device alone: the same tensors every time, so that it can be captured."""
        self.update.look_up()
        images, labels = self.batches.take()
        self.loss += self.networks.backward(images, labels)
        self.hold.gradients()
        self.update.step()
        self.hold.after_step()

    def _captures(self) -> bool:
        return self.setting.capture and self.batches.capturable

    def _captured(self) -> Callable[[], None]:
        members, position = self.networks.members, self.batches.position
        kept = [{name: tensor.clone() for name, tensor in member.items()} for member in members]
        place, loss = position.clone(), self.loss.clone()

        def undo() -> None:
            overwrite(members, kept)
            position.copy_(place)
            self.loss.copy_(loss)
            self.update.reset()

        return captured(self._step, self.setting.device, undo)

    def _record(self, before: int, step: int) -> None:
        """Measure and record; those that fail are left out from here on."""
        losses = self.loss.tolist()
        self.loss.zero_()
        self.ledger.check(before, step, losses)
        if not self.ledger.running():
            return
        began = perf_counter()
        validation = self.validation()
        tests = self.test() if self.setting.train.test_curve and len(self.test) else None
        self.evaluating += perf_counter() - began
        self.best.keep(self.ledger.add(before, step, losses, validation, tests))

    def _test_at_the_end(self) -> None:
        """Measure test accuracy of the trained and the early-stop states, and fill it into their records."""
        began, journals = perf_counter(), self.ledger.journals
        finished = self.ledger.running()
        if not finished:
            return
        last = {member: len(journals[member]) - 1 for member in finished}
        for member, evaluation in enumerate(self.test()):
            if member in last:
                journals[member].fill(last[member], test_accuracy=evaluation.accuracy)
        earlier = [member for member in finished if journals[member].best not in (None, last[member])]
        if earlier:
            self.best.recall(earlier)
            evaluations = self.test()
            for member in earlier:
                journals[member].fill(journals[member].best or 0, test_accuracy=evaluations[member].accuracy)
        self.evaluating += perf_counter() - began

    def _state(self, member: int) -> State:
        return state_of(self.tasks[member].module, self.networks.members[member])

    def _result(
        self,
        member: int,
        trained: State,
        snapshots: dict[int, State],
        seconds: float,
    ) -> FitResult:
        reason, found = self.ledger.reasons[member], member in self.best.found
        return FitResult(
            status="failed" if reason else "done",
            reason=reason,
            records=self.ledger.journals[member].records(),
            trained=trained,
            early_stop=state_of(self.tasks[member].module, self.best.tensors(member)) if found else None,
            snapshots=snapshots,
            seconds=seconds,
            evaluation_seconds=self.evaluating / len(self.tasks),
            engine="stacked",
            device=str(self.setting.device),
            threads=self.setting.threads,
        )
