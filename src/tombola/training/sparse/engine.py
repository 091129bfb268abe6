"""The sparse engine behind `fit`: survivors only, on the CPU, one network per thread.

This file knows no kernel, so that naming the engine costs nothing; Numba is imported when a network is compiled.
"""

from collections.abc import Sequence

import torch
from torch import nn

from tombola.data.dataset import Dataset
from tombola.errors import TombolaError
from tombola.networks.graph import LayerGraph
from tombola.specs import TrainSpec
from tombola.training.course import plan_courses
from tombola.training.engine import Engine, FitResult, OnRecord, Task, engines
from tombola.training.loop import Training
from tombola.training.placement import find_device, modes_kept, placed, threads_set
from tombola.training.sparse.layers import Layer, Unsupported, read_layers
from tombola.training.sparse.threads import Turns, check_threads, in_threads


class SparseEngine(Engine):
    """Train networks with kernels whose cost falls with the density."""

    def supports(
        self,
        module: nn.Module,
        train: TrainSpec,
        input_shape: tuple[int, int, int],
        *,
        holds_values: bool = False,
        moves: bool = False,
    ) -> str | None:
        """Return why a network cannot be trained: a layer without a kernel, or a precision other than float32."""
        if holds_values:
            return "it has no pruned weights, so it cannot hold them at other values than zero"
        if train.validation_loss != "sample-mean":
            return f"it averages the validation loss over samples (train.validation_loss is '{train.validation_loss}')"
        if train.precision != "fp32":
            return f"it computes in float32, not in {train.precision}"
        if any(parameter.dtype != torch.float32 for parameter in module.parameters()):
            return "it computes in float32, and the network does not"
        try:
            read_layers(module, input_shape)
        except Unsupported as reason:
            return str(reason)
        return None

    def fit(
        self,
        tasks: Sequence[Task],
        data: Dataset,
        train: TrainSpec,
        device: str = "auto",
        threads: int = 1,
        on_record: OnRecord | None = None,
    ) -> list[FitResult]:
        """Train the tasks' networks, up to `threads` of them at a time; see `Engine.fit`.

        Each network is trained by one thread, so its bits do not depend on how many there are.
        """
        if device != "auto" and find_device(device).type != "cpu":
            raise TombolaError(f"engine 'sparse' computes on the CPU, not on '{device}'; use another engine or cpu")
        from tombola.training.sparse.choice import dense_part, make_learner

        check_threads(threads)
        courses = plan_courses(tasks, data, train)
        # found before anything is computed, and here: torch.fx patches classes while it traces, which no thread may see
        layers = [_layers(task, data) for task in tasks]
        turn = Turns(on_record)

        def one(number: int) -> FitResult:
            task, course = tasks[number], courses[number]
            end = dense_part(task, data, train, layers[number])
            with modes_kept(task.module), placed(task.module, torch.device("cpu"), channels_last=end > 0):
                try:
                    learner = make_learner(task, course, data, train, layers[number])
                except Unsupported as reason:
                    raise _refusal(reason) from None
                training = Training(learner, task, course, data, train, number, turn)
                return training.run("sparse", torch.device("cpu"), 1)

        with threads_set(1):  # threads of torch's own would spin beside ours
            if threads == 1 or len(tasks) == 1:
                return [one(number) for number in range(len(tasks))]
            return in_threads(one, len(tasks), threads, turn)


def _layers(task: Task, data: Dataset) -> list[Layer]:
    try:
        layers = read_layers(task.module, data.input_shape)
    except Unsupported as reason:
        raise _refusal(reason) from None
    # a label without a score would be read from foreign memory: kernels check nothing
    LayerGraph(tuple(layer.node for layer in layers), len(layers) - 1).check_classes(len(data.classes))
    return layers


def _refusal(reason: Unsupported) -> TombolaError:
    return TombolaError(f"engine 'sparse' cannot train this network: {reason}; use dense")


engines.register("sparse")(SparseEngine())
