from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tombola.data.batches import Batches, Prepare
from tombola.data.dataset import Dataset, Part, Split
from tombola.data.normalisation import Normalisation
from tombola.pruning import Mask
from tombola.specs import TrainSpec
from tombola.training.schedule import learning_rate

MakeData = Callable[..., Dataset]
CLASSES = tuple("abcde")


@pytest.fixture(scope="session")
def make_data() -> MakeData:
    """Build data sets of five classes that can be learnt but not at once: prototypes under noise."""

    def make(
        train: int = 240,
        validation: int = 70,
        test: int = 50,
        shape: tuple[int, int, int] = (1, 6, 6),
        augment: tuple[str, ...] = (),
        normalisation: Normalisation | None = None,
    ) -> Dataset:
        generator = torch.Generator().manual_seed(7)
        prototypes = torch.randint(0, 256, (len(CLASSES), *shape), generator=generator)

        def part(count: int) -> Part:
            labels = torch.randint(0, len(CLASSES), (count,), generator=generator)
            noise = torch.randint(-120, 121, (count, *shape), generator=generator)
            return Part((prototypes[labels] + noise).clamp(0, 255).to(torch.uint8), labels)

        split = Split(0, np.arange(train), np.arange(validation), own_validation=True)
        constants = normalisation or Normalisation("half", (0.5,), (0.25,))
        return Dataset("toy", CLASSES, part(train), part(validation), part(test), constants, augment, split)

    return make


@pytest.fixture(scope="session")
def data(make_data: MakeData) -> Dataset:
    return make_data()


@pytest.fixture
def make_module() -> Callable[..., nn.Module]:
    """Build one of several kinds of networks, the same at every call."""

    def make(kind: str = "linear", channels: int = 1) -> nn.Module:
        with torch.random.fork_rng([]):
            torch.manual_seed(3)
            return KINDS[kind](channels)

    return make


def _linear(channels: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(36 * channels, 20), nn.Tanh(), nn.Linear(20, 5))


def _conv(channels: int) -> nn.Module:
    body = (nn.Conv2d(channels, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 4, 3), nn.ReLU())
    return nn.Sequential(*body, nn.Flatten(), nn.Linear(4, 5))


class _User(nn.Module):
    """A network nobody planned for: group and batch norm, dropout, a residual sum, frozen and unused parameters."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, 4, 3, padding=1)
        self.batch_norm = nn.BatchNorm2d(4)
        self.second = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.group_norm = nn.GroupNorm(2, 4)
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(4, 5)
        self.frozen = nn.Parameter(torch.ones(4), requires_grad=False)
        self.unused = nn.Parameter(torch.ones(3))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features = torch.relu(self.batch_norm(self.first(images)))
        features = features + torch.relu(self.group_norm(self.second(features)))
        pooled: torch.Tensor = features.mean((2, 3)) * self.frozen
        outputs: torch.Tensor = self.head(self.dropout(pooled))
        return outputs


KINDS: dict[str, Callable[[int], nn.Module]] = {"linear": _linear, "conv": _conv, "user": _User}


@pytest.fixture
def make_mask() -> Callable[..., Mask]:
    """Build the mask that keeps a share of all weight matrices and kernels, at random."""

    def make(module: nn.Module, density: float = 0.4) -> Mask:
        generator = torch.Generator().manual_seed(5)
        weights = {name: weight for name, weight in module.named_parameters() if weight.dim() > 1}
        return Mask({name: torch.rand(weight.shape, generator=generator) < density for name, weight in weights.items()})

    return make


State = dict[str, torch.Tensor]


@pytest.fixture
def train_by_hand() -> Callable[..., State]:
    """Train in float64 without any engine: the reference of all of them."""
    return _train_by_hand


def _updated(
    train: TrainSpec, lr: float, weight: torch.Tensor, grad: torch.Tensor, state: list[torch.Tensor], t: int
) -> torch.Tensor:
    """One update as the papers write it; `t` counts from 1."""
    if train.optimiser == "adamw":
        weight = weight * (1 - lr * train.weight_decay)
    else:
        grad = grad + train.weight_decay * weight
    if train.optimiser == "sgd":
        state[0] = grad if t == 1 else train.momentum * state[0] + grad
        return weight - lr * (grad + train.momentum * state[0] if train.nesterov else state[0])
    state[0] = train.beta1 * state[0] + (1 - train.beta1) * grad
    state[1] = train.beta2 * state[1] + (1 - train.beta2) * grad**2
    mean, square = state[0] / (1 - train.beta1**t), state[1] / (1 - train.beta2**t)
    return weight - lr * mean / (square.sqrt() + train.eps)


def _train_by_hand(module: nn.Module, data: Dataset, mask: Mask, train: TrainSpec, steps: int) -> State:
    """Train in float64 by hand, with masks as products, and return weights and statistics."""
    module = module.double()
    weights = {name: weight.detach() for name, weight in module.named_parameters()}
    keep = {name: mask[name].double() if name in mask else torch.ones_like(weight) for name, weight in weights.items()}
    weights = {name: weight * keep[name] for name, weight in weights.items()}
    states = {name: [torch.zeros_like(weight)] * 2 for name, weight in weights.items()}
    cpu = torch.device("cpu")
    prepare = Prepare(data.normalisation, cpu, torch.float64)
    batches = Batches(data, train.batch_size, seed=0, replicate=0, prepare=prepare, device=cpu).from_step(0)
    rate = learning_rate(train, len(data.train) // train.batch_size)
    for t in range(1, steps + 1):
        images, labels = next(batches)
        leaves = {name: weight.clone().requires_grad_() for name, weight in weights.items()}
        loss = F.cross_entropy(torch.func.functional_call(module, leaves, (images,)), labels)
        grads = dict(zip(leaves, torch.autograd.grad(loss, list(leaves.values())), strict=True))
        for name in weights:
            weights[name] = _updated(train, rate(t - 1), weights[name], grads[name] * keep[name], states[name], t)
    return weights | {name: buffer.clone() for name, buffer in module.named_buffers()}
