"""The training loop of one network: steps, records, the state at early stop, snapshots.

What makes it fast is what is not there: no data loader, no per-image Python, no wait for the device between records.
"""

import math
from time import perf_counter

import torch
import torch.nn.functional as F

from tombola.data.batches import Batches, Prepare
from tombola.data.dataset import Dataset
from tombola.networks.state import State, capture, restore
from tombola.specs import TrainSpec
from tombola.streams import stream_seed
from tombola.training.course import Course
from tombola.training.engine import FitResult, OnRecord, Progress, Task
from tombola.training.evaluate import Evaluator
from tombola.training.hold import Hold
from tombola.training.journal import Journal, Kept
from tombola.training.optimisers import optimisers
from tombola.training.placement import at_least_float32, compute_dtype, computing, has_convolutions
from tombola.training.schedule import learning_rate


class Training:
    """One training in progress, of a network that is already on its device and in its layout."""

    def __init__(
        self,
        task: Task,
        course: Course,
        data: Dataset,
        train: TrainSpec,
        device: torch.device,
        number: int,
        on_record: OnRecord | None,
    ) -> None:
        module = task.module
        convolutions, self.bf16 = has_convolutions(module), train.precision == "bf16"
        prepare = Prepare(data.normalisation, device, compute_dtype(module), channels_last=convolutions)
        self.task, self.course, self.train, self.device = task, course, train, device
        self.number, self.on_record = number, on_record
        self.batches = Batches(
            data, train.batch_size, seed=task.seed, replicate=task.replicate, prepare=prepare, device=device
        ).from_step(course.start)
        self.validation, self.test = (
            Evaluator(data, part, prepare, device, bf16=self.bf16, convolutions=convolutions)
            for part in (data.validation, data.test)
        )
        self.hold = Hold(module, task.mask)
        self.rate = learning_rate(train, course.per_epoch)
        self.parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
        self.optimiser = optimisers[train.optimiser](self.parameters, train)
        self.noise = _global_generator(device)
        self.noise_seed = stream_seed(task.seed, "dropout", task.replicate) >> 1
        self.journal, self.kept = Journal(), Kept(module)
        self.snapshots: dict[int, State] = {}
        self.loss = torch.zeros((), dtype=torch.float64, device=device)
        self.evaluating = 0.0

    def run(self, threads: int) -> FitResult:
        """Train to the end or to the first failure."""
        began = perf_counter()
        self.task.module.train()
        self.hold.weights()
        reason, done, recorded = "", self.course.start, self.course.start
        for stop in self.course.stops():
            self._steps(done, stop)
            done = stop
            self.hold.weights()  # a weight decay above 1 / lr turns +0.0 into -0.0; nothing else gets here
            if stop in self.course.snapshots:
                self.snapshots[stop] = capture(self.task.module)
            if stop in self.course.records:
                reason = self._record(recorded, stop)
                recorded = stop
            if reason:
                break
        if not reason and self.journal.best is None:
            reason = "no record has a finite validation loss"
        trained = capture(self.task.module)
        if not reason and not self.train.test_curve and len(self.test):
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
            engine="dense",
            device=str(self.device),
            threads=threads,
        )

    def _steps(self, first: int, last: int) -> None:
        """Take the steps from `first` to `last`. Nothing in here waits for the device."""
        module, hold, optimiser = self.task.module, self.hold, self.optimiser
        for step in range(first, last):
            images, labels = next(self.batches)
            for group in optimiser.param_groups:
                group["lr"] = self.rate(step)
            self.noise.manual_seed(self.noise_seed + step)
            with computing(self.device, self.bf16):
                outputs = module(images)
            loss = F.cross_entropy(at_least_float32(outputs), labels)
            loss.backward()  # type: ignore[no-untyped-call]
            hold.gradients()
            optimiser.step()
            for parameter in self.parameters:
                parameter.grad = None
            self.loss += loss.detach()

    def _record(self, before: int, step: int) -> str:
        """Measure and record; return why training must stop, if it must."""
        flags = self.course.records[step]
        train_loss = float(self.loss) / (step - before) if step > before else math.nan
        self.loss.zero_()
        if step > before and not math.isfinite(train_loss):
            self._add(step, flags, train_loss=train_loss)
            return f"the training loss became {train_loss} between step {before} and step {step}"
        measures = {"train_loss": train_loss} | self._measure()
        if self._add(step, flags, **measures):
            self.kept.keep(self.task.module)
        return ""

    def _measure(self) -> dict[str, float]:
        began = perf_counter()
        validation = self.validation(self.task.module)
        measures = {"val_loss": validation.loss, "val_accuracy": validation.accuracy}
        if self.train.test_curve and len(self.test):
            measures["test_accuracy"] = self.test(self.task.module).accuracy
        self.evaluating += perf_counter() - began
        return measures

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
        self.journal.fill(last, test_accuracy=self.test(module).accuracy)
        if best is not None and best != last and self.kept.state is not None:
            restore(module, self.kept.state)
            self.journal.fill(best, test_accuracy=self.test(module).accuracy)
            restore(module, trained)
        self.evaluating += perf_counter() - began


def _global_generator(device: torch.device) -> torch.Generator:
    """Return the generator that modules draw from (dropout); the state it had is given back after training."""
    return torch.cuda.default_generators[device.index] if device.type == "cuda" else torch.default_generator
