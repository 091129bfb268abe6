"""Sums of maps: gradients of values used more than once, a user's ResNet, random plans with sums in them."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from tombola.data.dataset import Dataset
from tombola.networks import build, initialise, networks, prunable_layers
from tombola.networks.graph import layer_graph
from tombola.pruning import prune
from tombola.specs import NetworkSpec, TrainSpec
from tombola.training import engines, fit
from tombola.training.sparse import fields as at

MakeCase = Callable[..., Any]
MakeData = Callable[..., Dataset]

TOLERANCE = 2e-5
"""Largest difference from float64 of a gradient, relative to the largest of its tensor.

Where float32 itself loses more (PyTorch in float32 against PyTorch in float64), up to four times of what it loses.
"""


class Bottle(nn.Module):
    """A residual block with a batch norm, and a projection where it changes shape."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.Tanh(),
            nn.Conv2d(outputs, outputs, 3, 1, 1),
        )  # fmt: skip
        self.project = nn.Conv2d(inputs, outputs, 1, stride) if inputs != outputs else None

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu((x if self.project is None else self.project(x)) + self.body(x))


class SmallResNet(nn.Module):
    """What users write."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, 4, 3, padding=1)
        self.one, self.two = Bottle(4, 4, 1), Bottle(4, 6, 2)
        self.head = nn.Linear(6, classes)

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.head(F.adaptive_avg_pool2d(self.two(self.one(self.stem(x))), 1).flatten(1))
        return scores


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> str:
    """Register the network for one test."""
    monkeypatch.setattr(networks, "_items", dict(networks._items))

    @networks.register("test-resnet")
    def small_resnet(spec: NetworkSpec, input_shape: tuple[int, int, int], classes: int) -> nn.Module:
        return SmallResNet(input_shape[0], classes)

    return "test-resnet"


@pytest.mark.parametrize("recipe", [{"optimiser": "sgd", "momentum": 0.9, "lr": 0.02}, {"lr": 0.003, "eps": 1e-3}])
@pytest.mark.parametrize("density", [1.0, 0.3])
def test_a_registered_resnet_trains_as_with_the_dense_engine(
    density: float, recipe: dict[str, object], registered: str, make_data: MakeData
) -> None:
    spec, data = NetworkSpec(architecture=registered), make_data(shape=(1, 8, 8))
    train = TrainSpec.model_validate({"length": "20st", "batch_size": 40, "record_every": "10st"} | recipe)

    def made() -> nn.Module:
        module = build(spec, data.input_shape, 5)
        initialise(module, spec, torch.Generator().manual_seed(1))
        return module

    assert len(prunable_layers(made())) == 7
    assert engines["sparse"].supports(made(), train, data.input_shape) is None
    mask = prune(made(), density=density) if density < 1 else None
    exact = fit(made().double(), data, train, mask=mask, engine="dense")
    sparse = fit(made(), data, train, mask=mask, engine="sparse", device="cpu")
    assert sparse.status == "done"
    for name, value in exact.trained.items():
        torch.testing.assert_close(sparse.trained[name].to(value), value, rtol=0, atol=2e-5, msg=name)
    for name, column in exact.records.arrays().items():
        np.testing.assert_allclose(sparse.records.arrays()[name], column, rtol=1e-4, atol=1e-5, err_msg=name)


def gradients_agree(case: Any, batch: int) -> None:
    """Compare loss, gradients and statistics of one batch with those of PyTorch in float64."""
    train = TrainSpec(optimiser="sgd", batch_size=batch)
    network, found = case.network(train), []
    loss = case.train(network, np.arange(batch), [1e-12])
    for dtype in (torch.float64, torch.float32):
        copy = deepcopy(case.module).to(dtype).train()
        wanted = F.cross_entropy(copy(case.fed(slice(batch), dtype)), case.labels[:batch])
        wanted.backward()
        found.append({name: parameter.grad.double() for name, parameter in copy.named_parameters()})
        if dtype == torch.float64:
            assert loss == pytest.approx(wanted.item(), rel=1e-5)
    largest = max(float(gradient.abs().max()) for gradient in found[0].values())
    for name, gradient in case.gradients(network).items():
        keep = case.mask.get(name, torch.tensor(True))
        exact, single = ((one[name] * keep) for one in found)
        error, unavoidable = ((other.double() - exact).abs().max() for other in (gradient, single))
        scale = max(float(exact.abs().max()), 1e-2 * largest)
        assert error <= max(TOLERANCE * scale, 4 * unavoidable), (name, error, scale, unavoidable)


@pytest.mark.parametrize("batch", [7, 16, 37])
@pytest.mark.parametrize("body", ["residual", "sums", "before"])
def test_gradients_of_values_used_twice(body: str, batch: int, make_case: MakeCase) -> None:
    gradients_agree(make_case(body, 0.7), batch)


class Plan(nn.Module):
    """A random plan: every map is the last one, or the sum of it and an earlier one, and goes through a layer."""

    def __init__(self, tokens: list[tuple[str, int]], channels: int) -> None:
        super().__init__()
        self.parts, self.sources = nn.ModuleList(), []
        for number, (kind, back) in enumerate(tokens):
            layer: dict[str, Callable[[], nn.Module]] = {
                "conv": lambda: nn.Conv2d(channels, channels, 3, padding=1),
                "point": lambda: nn.Conv2d(channels, channels, 1, bias=False),
                "norm": lambda: nn.BatchNorm2d(channels),
                "relu": nn.ReLU,
                "tanh": nn.Tanh,
                "sum": nn.Identity,
            }
            self.parts.append(layer[kind]())
            self.sources.append(max(number - back, 0))
        self.pooled = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(channels, channels, 3, padding=1))
        self.other = nn.Conv2d(channels, channels, 2, stride=2, bias=False)
        self.head = nn.Linear(channels * 20, 10)

    def forward(self, images: Tensor) -> Tensor:
        maps = [images]
        for part, source in zip(self.parts, self.sources, strict=True):
            maps.append(part(maps[-1] if source == len(maps) - 1 else maps[-1] + maps[source]))
        scores: Tensor = self.head((self.pooled(maps[-1]) + self.other(maps[-1])).flatten(1))
        return scores


kinds = st.sampled_from(["conv", "point", "norm", "relu", "tanh", "sum"])


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    tokens=st.lists(st.tuples(kinds, st.integers(0, 4)), min_size=1, max_size=8),
    density=st.sampled_from([1.0, 0.5, 0.1, "one", "dead 0"]),
    batch=st.sampled_from([7, 16, 33]),
    seed=st.integers(0, 3),
)
@example([("conv", 0), ("tanh", 0), ("sum", 1), ("sum", 2), ("conv", 1), ("sum", 3)], 1.0, 33, 0)
@example([("norm", 0), ("relu", 1), ("norm", 1), ("sum", 1), ("point", 3), ("norm", 2)], 0.5, 7, 1)
def test_random_plans_with_sums(
    make_case: MakeCase, tokens: list[tuple[str, int]], density: float | str, batch: int, seed: int
) -> None:
    gradients_agree(make_case(lambda: Plan(tokens, 2), density, seed, images=40), batch)


def test_sums_are_one_pass_forward_and_none_backward(make_case: MakeCase) -> None:
    case = make_case("residual", 0.5)
    train = TrainSpec(optimiser="sgd", batch_size=20)
    program = case.network(train)._training[0]
    graph = layer_graph(case.module, tuple(case.images.shape[1:]))
    sums = [node for node in graph if node.op == "add"]
    copies = program[program[:, at.CODE] == at.MAP]
    assert len(copies) == len(sums) == 3
    # what comes back along a shortcut is where a convolution's sums begin
    begun = program[(program[:, at.CODE] == at.SUMS) & (program[:, at.ADDEND] >= 0)]
    assert len(begun) == 1 + 4 + 1  # one for each identity, four phases of the stride for the projection
