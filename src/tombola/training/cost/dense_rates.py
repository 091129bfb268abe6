"""What the dense engine's parts cost here: measured, on the threads a job gets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from tombola.data.dataset import Dataset, Part, Split
from tombola.data.normalisation import Normalisation
from tombola.pruning import Mask
from tombola.specs import TrainSpec
from tombola.training.cost.timing import seconds
from tombola.training.course import plan_course
from tombola.training.dense import DenseLearner
from tombola.training.engine import Task
from tombola.training.memory import memory_kept
from tombola.training.placement import threads_set

BATCH = 60
LINEAR = ((784, 300), (4096, 256), (16384, 256))
"""Inputs and outputs: weights that fit the second-level cache, the third, and none."""

CONV = ((3, 64, 32), (64, 64, 32), (64, 128, 16), (128, 128, 16), (256, 256, 8))
"""Channels in and out, side of the map."""

CONV_BATCH = 15
OPTIMISED = (30_000, 250_000, 4_000_000)
ELEMENTS = ((BATCH, 16, 32, 32), (BATCH, 64, 32, 32))
"""Maps of element-wise operations: a few of them fit the last cache, and none."""

STEPS = 40


@dataclass(frozen=True)
class DenseRates:
    """Costs in nanoseconds.

    Attributes
    ----------
    step, layer
        Of a step and of each layer with weights, whatever their size.
    pixel
        Of a value of the batch: gathered, normalised.
    linear
        By weights: (weights, forward, weight gradient, input gradient) per product.
    conv
        By shape: (channels in, channels out, side, forward, backward) per product.
    optimiser
        By parameters: (parameters, cost of one).
    element
        By operation and by elements: (elements, forward, backward) per element of its input.
    """

    step: float
    layer: float
    pixel: float
    linear: list[tuple[float, float, float, float]]
    conv: list[tuple[float, float, float, float, float]]
    optimiser: list[tuple[float, float]]
    element: dict[str, list[tuple[float, float, float]]]


def measure_dense(threads: int) -> DenseRates:
    """Measure, in about a second."""
    with threads_set(threads), memory_kept():
        linear = [_linear(*shape) for shape in LINEAR]
        optimiser = [(float(count), _optimiser(count)) for count in OPTIMISED]
        short, long, wide = (_step(sizes) for sizes in ([16, 16, 10], [16] * 4 + [10], [784, 16, 10]))
        layer = max((long - short) / 2, 0.0)
        known = 784 * 16 * (BATCH * sum(linear[0][1:3]) + optimiser[0][1])
        return DenseRates(
            step=max(short - 2 * layer, 0.0),
            layer=layer,
            pixel=max(wide - short - known, 0.0) / (768 * BATCH),
            linear=linear,
            conv=[_conv(*shape) for shape in CONV],
            optimiser=optimiser,
            element={name: _element(module) for name, module in OPERATIONS.items()},
        )


def _linear(inputs: int, outputs: int) -> tuple[float, float, float, float]:
    x, w, g = torch.ones(BATCH, inputs), torch.ones(outputs, inputs), torch.ones(BATCH, outputs)
    count = inputs * outputs
    forward, weight, back = (seconds(action) for action in (lambda: x @ w.T, lambda: g.T @ x, lambda: g @ w))
    return (float(count), *(time * 1e9 / count / BATCH for time in (forward, weight, back)))  # type: ignore[return-value]


def _conv(inputs: int, outputs: int, side: int) -> tuple[float, float, float, float, float]:
    layer = nn.Conv2d(inputs, outputs, 3, padding=1).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    first = inputs <= 3
    images = torch.ones(CONV_BATCH, inputs, side, side).contiguous(memory_format=torch.channels_last)
    images.requires_grad_(not first)
    gradient = torch.ones(CONV_BATCH, outputs, side, side).contiguous(memory_format=torch.channels_last)
    wanted = [*layer.parameters(), *([] if first else [images])]

    def forward() -> Tensor:
        result: Tensor = layer(images)
        return result

    def both() -> object:
        return torch.autograd.grad(forward(), wanted, gradient)

    with torch.no_grad():
        ahead = seconds(forward, 2)
    back = max(seconds(both, 2) - ahead, ahead / 2)
    products = 9 * inputs * outputs * side * side * CONV_BATCH
    passes = 1 if first else 2
    return inputs, outputs, side, ahead * 1e9 / products, back * 1e9 / products / passes


def _optimiser(count: int) -> float:
    """Return the cost per parameter of fused Adam and of holding the mask."""
    weight = nn.Parameter(torch.zeros(count))
    weight.grad = torch.zeros(count)
    bits = torch.ones(count, dtype=torch.int32)
    optimiser = torch.optim.Adam([weight], fused=True)

    def update() -> None:
        if weight.grad is not None:
            weight.grad.view(torch.int32).bitwise_and_(bits)
        optimiser.step()

    update()
    return max(seconds(update, 3) * 1e9, 1.0) / count


OPERATIONS: dict[str, Callable[[int], nn.Module]] = {
    "relu": lambda channels: nn.ReLU(),
    "tanh": lambda channels: nn.Tanh(),
    "pool": lambda channels: nn.MaxPool2d(2),
    "batch_norm": nn.BatchNorm2d,
}


def _element(make: Callable[[int], nn.Module]) -> list[tuple[float, float, float]]:
    curve = []
    for shape in ELEMENTS:
        module, images = make(shape[1]), torch.ones(shape).contiguous(memory_format=torch.channels_last)
        images.requires_grad_()
        gradient = torch.ones_like(module(images))
        with torch.no_grad():
            forward = seconds(partial(module, images), 1)
        both = seconds(partial(_back, module, images, gradient), 1)
        per = 1e9 / images.numel()
        curve.append((float(images.numel()), forward * per, max(both - forward, 0.0) * per))
    return curve


def _back(module: nn.Module, images: Tensor, gradient: Tensor) -> object:
    return torch.autograd.grad(module(images), images, gradient)


def _step(sizes: Sequence[int], steps: int = STEPS) -> float:
    """Return nanoseconds of a step of a small network, everything included."""
    parts: list[nn.Module] = [nn.Flatten()]
    for inputs, outputs in pairwise(sizes):
        parts += [nn.Linear(inputs, outputs), nn.Tanh()]
    module, train = nn.Sequential(*parts[:-1]), TrainSpec(length="100000st", batch_size=BATCH)
    data, mask = random_data((1, 1, sizes[0]), 600), Mask({"1.weight": torch.ones(sizes[1], sizes[0]) > 0})
    task = Task(module, mask)
    learner = DenseLearner(task, plan_course(task, data, train), data, train, torch.device("cpu"))
    return seconds(lambda: learner.advance(0, steps), 3) * 1e9 / steps


def random_data(shape: tuple[int, int, int], samples: int, classes: int = 10) -> Dataset:
    """Return images and labels without meaning, to be timed on."""
    generator = torch.Generator().manual_seed(0)

    def part(count: int) -> Part:
        images = torch.randint(0, 256, (count, *shape), dtype=torch.uint8, generator=generator)
        return Part(images, torch.randint(0, classes, (count,), generator=generator))

    normalisation = Normalisation("random", (0.5,) * shape[0], (0.25,) * shape[0])
    split = Split(0, np.arange(samples), np.arange(0), own_validation=True)
    names = tuple(map(str, range(classes)))
    return Dataset("random", names, part(samples), part(16), part(0), normalisation, (), split)
