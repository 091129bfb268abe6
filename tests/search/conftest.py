from collections.abc import Callable
from typing import Any

import pytest
import torch

from tombola.data import load
from tombola.data.dataset import Dataset
from tombola.networks import build, initialise, prunable_layers
from tombola.search import SearchTask
from tombola.specs import TrainSpec
from tombola.specs.parts import DataSpec, NetworkSpec
from tombola.specs.search import SearchSpec

NETWORKS = {
    "linear": NetworkSpec(linear=(24, 16), activation="relu", weight_init="signed-kaiming"),
    "norm": NetworkSpec(family="conv", conv=("4B", "M", "6B", "M"), linear=(12,), weight_init="kaiming-normal"),
    "residual": NetworkSpec(architecture="resnet20-gem", weight_init="signed-kaiming", prunable=("all", "!*shortcut*")),
}


@pytest.fixture(scope="session")
def digits() -> Dataset:
    return load(DataSpec(name="digits", normalisation="digits"), 0)


@pytest.fixture
def make_task(digits: Dataset) -> Callable[..., SearchTask]:
    """Make a task over a freshly initialised network; other keywords are fields of the search."""

    def make(network: str = "linear", keep: float = 0.3, **more: Any) -> SearchTask:
        own = {name: more.pop(name) for name in list(more) if name in SearchTask.__dataclass_fields__}
        spec = NETWORKS[network]
        module = build(spec, digits.input_shape, len(digits.classes))
        initialise(module, spec, torch.Generator().manual_seed(7))
        layers = prunable_layers(module, spec.prunable)
        count = round(sum(layer.size for layer in layers) * keep)
        train = own.pop("train", TrainSpec(batch_size=60, test_curve=True))
        search = SearchSpec(**({"length": "3ep", "period": "1ep"} | more))
        return SearchTask(module, layers, count, digits, train, search, device="cpu", **own)

    return make
