"""What benchmarks/gpu.py trains: networks, random images, masks, recipes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from tombola.data.dataset import Dataset, Part, Split
from tombola.data.normalisation import Normalisation
from tombola.networks import build, initialise, prunable_layers
from tombola.pruning import Mask
from tombola.specs import NetworkSpec, TrainSpec
from tombola.training import Task

DENSITY, BATCH = 0.2, 60

LENET = NetworkSpec(family="lenet", linear=("300", "100"))
CONV2 = NetworkSpec(family="conv", conv=("64", "64", "M"), linear=("256", "256"))
TINY = NetworkSpec(family="conv", conv=("4", "M", "4", "M"), linear=("8",))
SMOOTH = NetworkSpec(family="conv", conv=("8B", "A", "8", "A"), linear=("16",), activation="tanh")
ROUGH = NetworkSpec(family="conv", conv=("8", "M", "8", "M"), linear=("16",))
"""For checks: rounding decides between near maxima, and turns ReLUs on and off, after a few steps."""

MNIST, CIFAR = (1, 28, 28), (3, 32, 32)

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Scale:
    """How much is done.

    Attributes
    ----------
    device
        Where.
    lenets, convs
        Networks of a stack.
    steps
        Steps of one measurement of LeNet and of Conv-2.
    checked
        Steps that equality is checked after.
    repeats
        Measurements that medians are taken over.
    samples
        Training images.
    conv
        What stands for Conv-2.
    """

    device: str
    lenets: int = 64
    convs: int = 16
    steps: tuple[int, int] = (200, 20)
    checked: int = 50
    repeats: int = 5
    samples: int = 6000
    conv: NetworkSpec = CONV2

    @property
    def on_cuda(self) -> bool:
        """Whether times mean something."""
        return self.device.startswith("cuda")


def random_data(shape: Shape, samples: int) -> Dataset:
    generator = torch.Generator().manual_seed(0)

    def part(count: int) -> Part:
        images = torch.randint(0, 256, (count, *shape), dtype=torch.uint8, generator=generator)
        return Part(images, torch.randint(0, 10, (count,), generator=generator))

    constants = Normalisation("random", (0.5,) * shape[0], (0.25,) * shape[0])
    split = Split(0, np.arange(samples), np.arange(0), own_validation=True)
    return Dataset("random", tuple("0123456789"), part(samples), part(256), part(256), constants, (), split)


def make_tasks(
    spec: NetworkSpec, shape: Shape, count: int, double: bool = False, density: float = DENSITY
) -> list[Task]:
    tasks = []
    for replicate in range(count):
        module: nn.Module = build(spec, shape, 10)
        generator = torch.Generator().manual_seed(replicate)
        initialise(module, spec, generator)
        layers = prunable_layers(module)
        mask = Mask({layer.name: torch.rand(layer.shape, generator=generator) < density for layer in layers})
        tasks.append(Task(module.double() if double else module, mask, replicate=replicate))
    return tasks


def recipe(steps: int, every: int | None = None, **changes: Any) -> TrainSpec:
    fields = {"length": f"{steps}st", "record_every": f"{every or steps}st", "batch_size": BATCH, "lr": 1e-3}
    precision = changes.pop("precision", "fp32")
    # not validated: TF32 can be timed whether or not recipes know the word
    return TrainSpec.model_validate(fields | changes).model_copy(update={"precision": precision})
