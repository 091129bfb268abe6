"""Times of steps: those of one training, between its records, each measured to the end of what the device does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import Any

import torch
from gpu_cases import BATCH, CIFAR, LENET, MNIST, Scale, make_tasks, random_data, recipe

from tombola.specs import NetworkSpec
from tombola.training import StackedEngine, engines
from tombola.training.dense import DenseLearner
from tombola.training.engine import Engine
from tombola.training.stacked.choice import Shape, feasible, milliseconds
from tombola.training.stacked.convolution import FORMS, Geometry
from tombola.training.stacked.loop import StackTraining
from tombola.training.stacked.precision import Precision

Figures = dict[str, float]

LAYERS = {
    "3x32x32 -> 64": (3, 64, 32),
    "64x32x32 -> 64": (64, 64, 32),
    "128x16x16 -> 128": (128, 128, 16),
    "256x8x8 -> 256": (256, 256, 8),
}


def wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


@contextmanager
def timed(times: list[float], device: str) -> Iterator[None]:
    """Add ms per step of every stretch of steps that is taken to `times`, whichever engine takes them."""
    stacked, dense = StackTraining._steps, DenseLearner.advance

    def clocked(steps: Callable[..., Any]) -> Callable[..., Any]:
        def go(training: Any, first: int, last: int) -> Any:
            wait(device)
            began = perf_counter()
            result = steps(training, first, last)
            wait(device)
            if last > first:
                times.append((perf_counter() - began) / (last - first) * 1e3)
            return result

        return go

    StackTraining._steps, DenseLearner.advance = clocked(stacked), clocked(dense)  # type: ignore[method-assign]
    try:
        yield
    finally:
        StackTraining._steps, DenseLearner.advance = stacked, dense  # type: ignore[method-assign]


def step_ms(
    engine: Engine, spec: NetworkSpec, shape: tuple[int, int, int], count: int, steps: int, scale: Scale, **changes: Any
) -> float:
    """Return ms of one step of `count` networks: median over stretches of a training; the first one sets up.

    Of an engine that trains one network after the other, the sum over networks.
    """
    times: list[float] = []
    train = recipe(steps * (scale.repeats + 1), every=steps, **changes)
    with timed(times, scale.device):
        results = engine.fit(make_tasks(spec, shape, count), random_data(shape, scale.samples), train, scale.device)
    failed = [result.reason for result in results if result.status != "done"]
    if failed:
        raise SystemExit(f"a training failed: {failed[0]}")
    each = scale.repeats + 1
    return sum(median(times[start + 1 : start + each]) for start in range(0, len(times), each))


def together(**options: Any) -> StackedEngine:
    return StackedEngine(arithmetic="together", **options)


def lenet_cases(scale: Scale) -> dict[str, Callable[[], float]]:
    def case(engine: Engine, count: int) -> Callable[[], float]:
        return lambda: step_ms(engine, LENET, MNIST, count, scale.steps[0], scale)

    captured, eager = together(capture=True), together(capture=False)
    cases = {"dense, 1": case(engines["dense"], 1), "stacked, 1": case(captured, 1)}
    cases |= {f"stacked, {count}": case(captured, count) for count in sorted({8, scale.lenets})}
    if scale.on_cuda:
        cases["stacked, 256"] = case(captured, 256)
    return cases | {f"stacked eager, {count}": case(eager, count) for count in (1, scale.lenets)}


def conv_cases(scale: Scale, **changes: Any) -> dict[str, Callable[[], float]]:
    """Return the Conv-2 cases, those that acceptance goes by first."""

    def case(engine: Engine, count: int) -> Callable[[], float]:
        return lambda: step_ms(engine, scale.conv, CIFAR, count, scale.steps[1], scale, **changes)

    count = scale.convs
    cases = {
        f"dense, {count} one by one": case(engines["dense"], count),
        f"stacked, {count}": case(together(capture=True), count),
        "stacked, 1": case(together(capture=True), 1),
        f"stacked eager, {count}": case(together(capture=False), count),
        f"separate, captured, {count}": case(StackedEngine(arithmetic="separate", capture=True), count),
    }
    return cases | {f"{form}, {count}": case(together(convolution=form, capture=True), count) for form in FORMS}


def form_cases(scale: Scale, bf16: bool) -> dict[str, dict[str, Callable[[], float]]]:
    device = torch.device(scale.device)
    layers = LAYERS if scale.on_cuda else {"3x8x8 -> 4": (3, 4, 8)}
    rows: dict[str, dict[str, Callable[[], float]]] = {}
    for replicates in sorted({1, scale.convs}):
        for name, (inputs, outputs, size) in layers.items():
            images, kernels = (replicates, BATCH, inputs, size, size), (replicates, outputs, inputs, 3, 3)
            shape = Shape(images, kernels, True, Geometry(padding=(1, 1)), Precision(device, torch.float32, bf16))
            rows[f"{replicates} x {name}"] = {
                form: (lambda f=form, s=shape: milliseconds(f, s)) for form in FORMS if feasible(form, shape)
            }
    return rows
