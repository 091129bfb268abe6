"""The dense engine: any network, any device. One network after the other, each step a plain PyTorch step.

What makes it fast is what is not there: no data loader, no per-image Python, no wait for the device between records.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tombola.data.batches import Batches, Prepare
from tombola.data.dataset import Dataset
from tombola.pruning import Mask
from tombola.specs import TrainSpec
from tombola.streams import stream_seed
from tombola.training.course import Course, plan_courses
from tombola.training.engine import Engine, FitResult, OnRecord, Task, engines
from tombola.training.evaluate import Evaluation, Evaluator
from tombola.training.hold import Hold
from tombola.training.loop import Training
from tombola.training.optimisers import optimisers
from tombola.training.placement import (
    at_least_float32,
    compute_dtype,
    computing,
    find_device,
    has_convolutions,
    modes_kept,
    placed,
    products,
    threads_set,
)
from tombola.training.schedule import learning_rate


class DenseLearner:
    """A network that is on its device and in its layout, trained by PyTorch."""

    def __init__(self, task: Task, course: Course, data: Dataset, train: TrainSpec, device: torch.device) -> None:
        module = task.module
        convolutions, self.bf16 = has_convolutions(module), train.precision == "bf16"
        prepare = Prepare(data.normalisation, device, compute_dtype(module), channels_last=convolutions)
        self.module, self.device = module, device
        self.batches = Batches(
            data, train.batch_size, seed=task.seed, replicate=task.replicate, prepare=prepare, device=device
        ).from_step(course.start)
        batch = train.batch_size if train.validation_loss == "batch-mean" else None
        self._validation, self._test = (
            Evaluator(data, part, prepare, device, bf16=self.bf16, convolutions=convolutions, batch=batch)
            for part in (data.validation, data.test)
        )
        self.hold = Hold(module, task.mask)
        self.rate = learning_rate(train, course.per_epoch)
        self.parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
        self.optimiser = optimisers[train.optimiser](self.parameters, train)
        self.noise = _global_generator(device)
        self.noise_seed = stream_seed(task.seed, "dropout", task.replicate) >> 1
        self.loss = torch.zeros((), dtype=torch.float64, device=device)
        self.counted = torch.zeros((), dtype=torch.int64, device=device) if train.converge.active else None
        module.train()
        self.hold.weights()

    def advance(self, first: int, last: int) -> float:
        """Take steps. Nothing in here waits for the device before the end."""
        module, hold, optimiser = self.module, self.hold, self.optimiser
        self.loss.zero_()
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
            hold.after_step()
            for parameter in self.parameters:
                parameter.grad = None
            self.loss += loss.detach()
            if self.counted is not None:
                self.counted += (outputs.detach().argmax(1) == labels).sum()
        return float(self.loss)

    def hits(self) -> int:
        """Return what was counted, and begin anew."""
        if self.counted is None:
            return 0
        hits = int(self.counted)
        self.counted.zero_()
        return hits

    def settle(self) -> None:
        """Hold weights once more: a weight decay above 1 / lr turns +0.0 into -0.0; nothing else gets there."""
        self.hold.weights()

    def reload(self) -> None:
        """Nothing to do: the module is the memory."""

    def move(self, mask: Mask, cleared: Mapping[str, Tensor]) -> None:
        """Hold another mask."""
        self.hold = Hold(self.module, mask)
        self.hold.weights()
        parameters = dict(self.module.named_parameters())
        for name, flags in cleared.items():
            here = flags.to(self.device)
            for value in self.optimiser.state[parameters[name]].values():
                if isinstance(value, Tensor) and value.shape == here.shape:  # moments; not the counter of steps
                    value.masked_fill_(here, 0.0)

    def validate(self) -> Evaluation:
        """Evaluate the validation part."""
        return self._validation(self.module)

    def test(self) -> Evaluation:
        """Evaluate the test part."""
        return self._test(self.module)


class DenseEngine(Engine):
    """Train networks one after the other with dense arithmetic."""

    def supports(
        self,
        module: nn.Module,
        train: TrainSpec,
        input_shape: tuple[int, int, int],
        *,
        holds_values: bool = False,
        moves: bool = False,
    ) -> str | None:
        """Return why a network cannot be trained: only because nothing in it can."""
        trainable = any(parameter.requires_grad for parameter in module.parameters())
        return None if trainable else "the network has no trainable parameters"

    def fit(
        self,
        tasks: Sequence[Task],
        data: Dataset,
        train: TrainSpec,
        device: str = "auto",
        threads: int = 1,
        on_record: OnRecord | None = None,
    ) -> list[FitResult]:
        """Train the tasks' networks; see `Engine.fit`."""
        place = find_device(device)
        courses = plan_courses(tasks, data, train)
        results = []
        for number, (task, course) in enumerate(zip(tasks, courses, strict=True)):
            with ExitStack() as stack:
                stack.enter_context(threads_set(threads))
                stack.enter_context(products(place, train.precision))
                stack.enter_context(modes_kept(task.module))
                stack.enter_context(placed(task.module, place, has_convolutions(task.module)))
                stack.enter_context(torch.random.fork_rng([place.index] if place.type == "cuda" else []))
                learner = DenseLearner(task, course, data, train, place)
                training = Training(learner, task, course, data, train, number, on_record)
                results.append(training.run("dense", place, threads))
        return results


def _global_generator(device: torch.device) -> torch.Generator:
    """Return the generator that modules draw from (dropout); the state it had is given back after training."""
    return torch.cuda.default_generators[device.index] if device.type == "cuda" else torch.default_generator


engines.register("dense")(DenseEngine())
