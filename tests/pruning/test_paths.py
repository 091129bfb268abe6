"""Path-effective masks are what brute force finds: the weights that change the output of an all-positive network."""

import copy
from collections.abc import Callable

import hypothesis.strategies as st
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from torch import Tensor, nn

from tombola.networks import Scale, layer_graph, prunable_layers
from tombola.pruning import Mask
from tombola.pruning.paths import find_paths, path_mask

SHAPE = (2, 6, 5)


class Block(nn.Module):
    """A residual block with a projection where it strides, else an identity."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.second(torch.relu(self.norm(self.first(x)))) + self.shortcut(x))


class Shortened(nn.Module):
    """A shortcut without parameters, every second pixel and channels of zeros, and a scale per channel."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(2, 5, 3, 2, 1)
        self.scale = Scale(5)
        self.second = nn.Conv2d(5, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        shortcut = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 1, 2))
        return self.second(torch.relu(self.body(x) + self.scale(shortcut))).mean((2, 3))


class Residual(nn.Module):
    """Two blocks, then the mean of the map."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(2, 3, 3, padding=1)
        self.one, self.two = Block(3, 3, 1), Block(3, 4, 2)
        self.head = nn.Linear(4, 2)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.two(self.one(torch.relu(self.stem(images)))).mean((2, 3)))


def _linear() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(60, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Dropout(), nn.Linear(5, 4), nn.Linear(4, 3)
    )


def _strides() -> nn.Module:
    # the second convolution leaves rows and columns out, and its kernel lies mostly outside of what is left
    first = (nn.Conv2d(2, 3, (2, 3), (2, 1), (1, 0), (1, 2)), nn.ReLU(), nn.Conv2d(3, 3, 3, 3, 2))
    return nn.Sequential(*first, nn.Flatten(), nn.Linear(6, 3))


def _pooled() -> nn.Module:
    averages = nn.AvgPool2d(2, ceil_mode=True), nn.AvgPool2d((1, 2), 2, (0, 1), count_include_pad=False)
    body = (nn.Conv2d(2, 4, 3, padding=1, groups=2), averages[0], nn.Conv2d(4, 4, 3, padding=1, groups=4), averages[1])
    return nn.Sequential(*body, nn.Flatten(), nn.Linear(16, 2))


def _pixel() -> nn.Module:
    # one-pixel maps: of 3x3 kernels only the centre meets anything
    return nn.Sequential(
        nn.Conv2d(2, 3, 3), nn.AvgPool2d((4, 3)), nn.Conv2d(3, 3, 3, padding=1), nn.ReLU(), nn.Conv2d(3, 2, 1),
        nn.Flatten(),
    )  # fmt: skip


def _on_maps() -> nn.Module:
    return nn.Sequential(nn.Conv2d(2, 2, 1), nn.Linear(5, 3), nn.ReLU(), nn.AvgPool2d((3, 1)), nn.Flatten())


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "linear": _linear,
    "strides": _strides,
    "pooled": _pooled,
    "pixel": _pixel,
    "residual": Residual,
    "shortened": Shortened,
    "linear layers on maps": _on_maps,
}


def positive(module: nn.Module, generator: torch.Generator, *, biases: bool) -> nn.Module:
    """Give a network positive weights and, if wanted, shifts; without, biases and statistics are neutral."""
    state = module.double().eval().state_dict()
    for name, tensor in state.items():
        if name.endswith("bias"):
            tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5 if biases else tensor * 0)
        elif name.endswith("weight"):
            tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
    return module


def random_mask(module: nn.Module, density: float, generator: torch.Generator, *, empty: bool) -> Mask:
    """Return a mask that lacks whole rows and columns as well, and one layer altogether where `empty`."""
    keep = {}
    for layer in prunable_layers(module):
        keep[layer.name] = torch.rand(layer.shape, generator=generator) < density
        keep[layer.name][torch.rand(layer.shape[0], generator=generator) < 0.3] = False
        keep[layer.name][:, torch.rand(layer.shape[1], generator=generator) < 0.2] = False
    if empty:
        keep[list(keep)[int(torch.randint(len(keep), (), generator=generator))]].zero_()
    return Mask(keep)


def brute_force(module: nn.Module, mask: Mask, images: Tensor) -> Mask:
    """Return the survivors whose loss changes any output."""
    masked = copy.deepcopy(module)
    mask.apply_(masked)
    weights, found = dict(masked.named_parameters()), {}
    with torch.no_grad():
        usual = masked(images)
        for name, keep in mask.items():
            flat, matters = weights[name].view(-1), torch.zeros(keep.numel(), dtype=torch.bool)
            for place in keep.flatten().nonzero().flatten().tolist():
                value = flat[place].item()
                flat[place] = 0
                matters[place] = not torch.equal(masked(images), usual)
                flat[place] = value
            found[name] = matters.reshape(keep.shape)
    return Mask(found)


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(list(NETWORKS)), st.sampled_from([0.15, 0.4, 0.8, 1.0]), st.integers(0, 10_000), st.booleans(),
    st.booleans(),
)  # fmt: skip
def test_weights_on_paths_are_those_that_change_the_output(
    name: str, density: float, seed: int, empty: bool, biases: bool
) -> None:
    generator = torch.Generator().manual_seed(seed)
    module = positive(NETWORKS[name](), generator, biases=biases)
    mask = random_mask(module, density, generator, empty=empty)
    images = torch.rand(2, *SHAPE, dtype=torch.float64, generator=generator) + 0.1
    found = find_paths(layer_graph(module, SHAPE), mask, biases=biases)
    assert found.mask == brute_force(module, mask, images)
    assert found.mask.is_within(mask)
    without = find_paths(layer_graph(module, SHAPE), mask)
    assert without.mask.is_within(found.mask)
    assert without.connected == (without.mask.count > 0)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", NETWORKS)
def test_every_kind_of_network(name: str, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    module = positive(NETWORKS[name](), generator, biases=False)
    mask = random_mask(module, 0.5, generator, empty=False)
    images = torch.rand(1, *SHAPE, dtype=torch.float64, generator=generator) + 0.1
    assert path_mask(mask, module, SHAPE) == brute_force(module, mask, images)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "pool", [nn.MaxPool2d(2), nn.MaxPool2d(3, 2, 1, ceil_mode=True), nn.MaxPool2d(2, 1, 0, dilation=(2, 1))], ids=repr
)
def test_max_pooling_connects_its_whole_window(pool: nn.MaxPool2d, seed: int) -> None:
    """Brute force can only show part of it: a number that is never the largest hides the path through it."""
    generator = torch.Generator().manual_seed(seed)
    body = (nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), pool, nn.Conv2d(3, 3, 2, 2), nn.Flatten())
    size = nn.Sequential(*body)(torch.zeros(1, *SHAPE)).shape[1]
    module = positive(nn.Sequential(*body, nn.Linear(size, 2)), generator, biases=False)
    mask = Mask({layer.name: torch.rand(layer.shape, generator=generator) < 0.3 for layer in prunable_layers(module)})
    # images of a few bright pixels let as many places win as possible
    images = torch.rand(200, *SHAPE, dtype=torch.float64, generator=generator) ** 20
    paths = path_mask(mask, module, SHAPE)
    shown = brute_force(module, mask, images)
    assert shown.is_within(paths)
    assert shown.count > 0.9 * paths.count
