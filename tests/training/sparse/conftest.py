import runpy
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tombola.specs import TrainSpec
from tombola.training.optimisers import optimisers
from tombola.training.placement import threads_set
from tombola.training.sparse.learner import recipe
from tombola.training.sparse.network import SparseNetwork

SHAPE = (2, 10, 9)
SCALE, SHIFT = (1 / 80, 1 / 100), (-1.5, -1.2)
IMAGES = 200
BODIES = runpy.run_path(str(Path(__file__).parent / "bodies.py"))["BODIES"]


def mask_of(module: nn.Module, density: float | str, seed: int = 0) -> dict[str, Tensor]:
    """Draw a mask of a density; ``one``: one survivor per layer; ``dead N``: half, and layer N has none."""
    generator = torch.Generator().manual_seed(seed)
    share = density if isinstance(density, float) else 0.5
    weights = {name: weight for name, weight in module.named_parameters() if weight.dim() > 1}
    mask = {name: torch.rand(weight.shape, generator=generator) < share for name, weight in weights.items()}
    if density == "one":
        for keep in mask.values():
            keep[:] = False
            keep.view(-1)[keep.numel() // 2] = True
    elif isinstance(density, str):
        mask[list(mask)[int(density.partition(" ")[2])]][:] = False
    return mask


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Let torch sum as engines do, on one thread: rounding decides ties of max pooling over even parts of an image."""
    with threads_set(1):
        yield


@dataclass
class Case:
    """A network in float32 with its mask, images and labels, and what PyTorch makes of it."""

    module: nn.Module
    mask: dict[str, Tensor]
    images: Tensor
    labels: Tensor
    scale: tuple[float, ...] = SCALE
    shift: tuple[float, ...] = SHIFT

    def network(self, train: TrainSpec) -> SparseNetwork:
        """Compile the module; it is changed by ``write`` only."""
        scale, shift = (np.array(values, np.float32) for values in (self.scale, self.shift))
        shape = tuple(self.images.shape[1:])
        return SparseNetwork(self.module, self.mask, shape, train.batch_size, scale, shift, recipe(train))

    def train(self, network: SparseNetwork, samples: np.ndarray, rates: list[float]) -> float:
        """Take steps with the sparse engine; return the sum of the batches' mean losses."""
        outcome = network.train(self.images.numpy(), self.labels.numpy(), samples, np.array(rates))
        return outcome.loss / network.batch

    def fed(self, samples: np.ndarray | slice = slice(None), dtype: torch.dtype = torch.float64) -> Tensor:
        """Return what a network is fed."""
        scale, shift = (
            torch.tensor(np.array(values, np.float32)).to(dtype).view(-1, 1, 1) for values in (self.scale, self.shift)
        )
        return self.images[samples].to(dtype) * scale + shift

    def reference(
        self, train: TrainSpec, samples: np.ndarray, rates: list[float], dtype: torch.dtype = torch.float64
    ) -> tuple[nn.Module, float]:
        """Train a copy of the module with PyTorch, masks held by hand."""
        module, total = deepcopy(self.module).to(dtype), 0.0
        optimiser = optimisers[train.optimiser](list(module.parameters()), train)
        for step, rate in enumerate(rates):
            batch = samples[step * train.batch_size :][: train.batch_size]
            optimiser.param_groups[0]["lr"] = rate
            optimiser.zero_grad()
            loss = F.cross_entropy(module(self.fed(batch, dtype)), self.labels[batch])
            loss.backward()
            for name, weight in module.named_parameters():
                if name in self.mask and weight.grad is not None:
                    weight.grad[~self.mask[name]] = 0.0
            optimiser.step()
            for name, weight in module.named_parameters():
                if name in self.mask:
                    weight.data[~self.mask[name]] = 0.0
            total += float(loss.detach())
        return module, total

    def gradients(self, network: SparseNetwork) -> dict[str, Tensor]:
        """Return the gradients that the last step left in the arena, 0 where pruned."""
        gradients = {}
        for name, held in network.parameters.by_name.items():
            begin = network.parameters.gradient_of(held.address)
            gradient = np.zeros(held.tensor.numel(), np.float32)
            places = slice(None) if held.positions is None else held.positions
            gradient[places] = network.arena[begin : begin + held.count]
            gradients[name] = torch.from_numpy(gradient).view(held.tensor.shape)
        return gradients


@pytest.fixture(scope="session")
def make_case() -> Callable[..., Case]:
    """Build a case from the name of a network, or from layers and the shape of their images."""

    def make(
        body: str | Callable[[], nn.Module],
        density: float | str = 1.0,
        seed: int = 0,
        shape: tuple[int, int, int] = SHAPE,
        classes: int = 10,
        images: int = IMAGES,
    ) -> Case:
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            module = (BODIES[body] if isinstance(body, str) else body)()
            for part in module.modules():
                if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
                    part.weight.data.uniform_(0.5, 1.5)
                    part.bias.data.uniform_(-0.3, 0.3)
        mask = mask_of(module, density, seed)
        for name, keep in mask.items():
            module.get_parameter(name).data[~keep] = 0.0
        generator = torch.Generator().manual_seed(seed)
        pixels = torch.randint(0, 256, (images, *shape), dtype=torch.uint8, generator=generator)
        labels = torch.randint(0, classes, (images,), generator=generator)
        return Case(module, mask, pixels, labels, SCALE[: shape[0]], SHIFT[: shape[0]])

    return make


@pytest.fixture(scope="session")
def draw_samples() -> Callable[..., np.ndarray]:
    """Draw the samples of some steps, without repetition within a batch."""

    def draw(steps: int, batch: int, images: int = IMAGES, seed: int = 1) -> np.ndarray:
        rng = np.random.default_rng(seed)
        return np.concatenate([rng.permutation(images)[:batch] for _ in range(steps)])

    return draw
