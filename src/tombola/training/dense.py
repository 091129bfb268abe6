"""The dense engine: any network, any device. One network after the other, each step a plain PyTorch step."""

from collections.abc import Sequence
from contextlib import ExitStack

import torch
from torch import nn

from tombola.data.dataset import Dataset
from tombola.specs import TrainSpec
from tombola.training.course import plan_course
from tombola.training.engine import FitResult, OnRecord, Task, engines
from tombola.training.hold import masked_weights
from tombola.training.loop import Training
from tombola.training.placement import find_device, has_convolutions, modes_kept, placed, threads_set


class DenseEngine:
    """Train networks one after the other with dense arithmetic."""

    def supports(self, module: nn.Module, train: TrainSpec) -> str | None:
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
        courses = [plan_course(task, data, train) for task in tasks]
        for task in tasks:
            masked_weights(task.module, task.mask)
        results = []
        for number, (task, course) in enumerate(zip(tasks, courses, strict=True)):
            with ExitStack() as stack:
                stack.enter_context(threads_set(threads))
                stack.enter_context(modes_kept(task.module))
                stack.enter_context(placed(task.module, place, has_convolutions(task.module)))
                stack.enter_context(torch.random.fork_rng([place.index] if place.type == "cuda" else []))
                training = Training(task, course, data, train, place, number, on_record)
                results.append(training.run(threads))
        return results


engines.register("dense")(DenseEngine())
