"""The stacked engine: networks of equal shapes train together."""

from collections.abc import Hashable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import torch
from torch import nn

from tombola.data.dataset import Dataset
from tombola.networks.graph import LayerGraph, Op, layer_graph, unsupported
from tombola.specs import TrainSpec
from tombola.training.course import plan_courses
from tombola.training.engine import Engine, FitResult, OnRecord, Task
from tombola.training.placement import find_device, products, threads_set
from tombola.training.stacked.loop import StackTraining
from tombola.training.stacked.memory import (
    available,
    host_bytes,
    most_networks,
    network_bytes,
    shared_bytes,
    stack_sizes,
)
from tombola.training.stacked.networks import make_networks
from tombola.training.stacked.precision import Precision
from tombola.training.stacked.setting import Setting, resident

CPU = torch.device("cpu")

BEYOND: tuple[Op, ...] = ("dropout",)
"""Operations of the layer graph that this engine does not do."""


@dataclass(frozen=True, eq=False)
class StackedEngine(Engine):
    """Train networks of equal layer graphs, recipes and steps together; those that differ, in stacks of their own.

    Results of a task do not depend on what else is stacked: on a CPU they are the same bits, and those of the dense
    engine (adaptive pooling aside); on CUDA they agree within the tolerances of `tests/training/test_stacked_forms.py`.
    ``seconds`` of a result is the share of one network in the time of its stack.

    Attributes
    ----------
    memory
        Bytes that a stack may take; None asks the device. Stacks are split to fit.
    arithmetic
        ``together``: one operation computes a layer of all networks; ``separate``: one network after the other;
        ``auto``: together on CUDA, separate on a CPU.
    convolution
        Form of all stacked convolutions (`convolution.FORMS`); None measures, shape by shape.
    capture
        Whether steps and evaluations are captured as CUDA graphs; None: on CUDA. On a CPU, True rehearses it.
    """

    memory: int | None = None
    arithmetic: str = "auto"
    convolution: str | None = None
    capture: bool | None = None

    def supports(
        self,
        module: nn.Module,
        train: TrainSpec,
        input_shape: tuple[int, int, int],
        *,
        holds_values: bool = False,
        moves: bool = False,
    ) -> str | None:
        """Return why a network cannot be trained: it has no layer graph, or nothing in it can be."""
        if moves:
            return "masks cannot move in it: all networks of a stack take the same steps"
        if train.converge.active:
            return "all networks of a stack take the same steps, and train.converge lets each end by itself"
        if train.validation_loss != "sample-mean":
            return f"it averages the validation loss over samples (train.validation_loss is '{train.validation_loss}')"
        if not any(parameter.requires_grad for parameter in module.parameters()):
            return "the network has no trainable parameters"
        types = {tensor.dtype for tensor in module.state_dict().values() if tensor.is_floating_point()}
        if len(types) > 1:
            return f"its weights are of several types: {', '.join(sorted(map(str, types)))}"
        return unsupported(module, input_shape, without=BEYOND)

    def capacity(self, module: nn.Module, data: Dataset, train: TrainSpec, device: str = "auto") -> int:
        """Return how many networks like this one fit into a stack, and with all their states into this computer."""
        place, state = find_device(device), module.state_dict()
        graph = layer_graph(module, data.input_shape)
        memory = available(place) if self.memory is None else self.memory
        stack = most_networks(network_bytes(graph, state, train), shared_bytes(data, graph), memory)
        return min(stack, most_networks(host_bytes(state), 0, available(CPU)))

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
        graphs = [layer_graph(task.module, data.input_shape) for task in tasks]
        for graph in graphs:
            graph.check_classes(len(data.classes))
        parts = (resident(data.train, place), resident(data.validation, place), resident(data.test, place))
        results: dict[int, FitResult] = {}
        for numbers in self._stacks(tasks, graphs, [course.start for course in courses], data, train, place):
            chosen, graph = [tasks[number] for number in numbers], graphs[numbers[0]]
            precision = Precision.of(train, place, _dtype(chosen[0].module))
            capture = place.type == "cuda" if self.capture is None else self.capture
            setting = Setting(data, *parts, train, precision, capture, threads)
            with ExitStack() as stack:
                stack.enter_context(threads_set(threads))
                stack.enter_context(products(place, train.precision))
                networks = make_networks(chosen, graph, place, precision, self.arithmetic, self.convolution)
                training = StackTraining(
                    chosen, numbers, [courses[number] for number in numbers], networks, setting, on_record
                )
                stack.callback(_drop_gradients, chosen)
                try:
                    stacked = training.run()
                except BaseException:
                    training.give_back()
                    raise
            results |= dict(zip(numbers, stacked, strict=True))
        return [results[number] for number in range(len(tasks))]

    def _stacks(
        self,
        tasks: Sequence[Task],
        graphs: Sequence[LayerGraph],
        starts: Sequence[int],
        data: Dataset,
        train: TrainSpec,
        device: torch.device,
    ) -> Iterator[list[int]]:
        """Yield the numbers of the tasks of every stack: equals together, as many as fit."""
        groups: dict[Hashable, list[int]] = {}
        for number, (task, graph, start) in enumerate(zip(tasks, graphs, starts, strict=True)):
            trained = tuple((name, p.requires_grad, p.dtype) for name, p in task.module.named_parameters())
            groups.setdefault((graph, trained, start), []).append(number)
        for group in groups.values():
            # asked for every group: the one before has given its memory back
            memory = available(device) if self.memory is None else self.memory
            graph, state = graphs[group[0]], tasks[group[0]].module.state_dict()
            sizes = stack_sizes(len(group), network_bytes(graph, state, train), shared_bytes(data, graph), memory)
            waiting = iter(group)
            yield from ([next(waiting) for _ in range(size)] for size in sizes)


def _dtype(module: nn.Module) -> torch.dtype:
    dtypes: Iterator[torch.dtype] = (t.dtype for t in module.state_dict().values() if t.is_floating_point())
    return next(dtypes)


def _drop_gradients(tasks: Sequence[Task]) -> None:
    for task in tasks:
        for parameter in task.module.parameters():
            parameter.grad = None
