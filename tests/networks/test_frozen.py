"""What is not to be trained does not move, in any engine; and engines agree on residual networks."""

import numpy as np
import pytest
import torch
from torch import nn

import tombola
from tombola.data.dataset import Dataset, Part, Split
from tombola.data.normalisation import Normalisation
from tombola.networks import build, capture, initialise, prunable_layers
from tombola.networks.resnet import VARIANTS, ResNet
from tombola.pruning import Mask
from tombola.specs import NetworkSpec, TrainSpec
from tombola.training import Task, engines
from tombola.training.stacked import StackedEngine

SHAPE, CLASSES = (2, 8, 8), tuple("abcd")
RECIPE = {"steps": 6, "batch_size": 20, "record_every": 3, "weight_decay": 0.01, "lr": 0.05}
TOLERANCE = 1e-3
"""Of weights between 0.1 and 1. Float32 alone makes 2e-4: a rectifier turned on or off in a batch of 20."""

OPTIMISERS = [{"optimiser": "sgd", "momentum": 0.9}, {"optimiser": "adamw"}, {"optimiser": "adam"}]


@pytest.fixture(scope="module")
def data() -> Dataset:
    generator = torch.Generator().manual_seed(7)

    def part(count: int) -> Part:
        labels = torch.randint(0, 4, (count,), generator=generator)
        noise = torch.randint(0, 120, (count, *SHAPE), generator=generator)
        return Part((noise + 30 * labels.view(-1, 1, 1, 1)).to(torch.uint8), labels)

    split = Split(0, np.arange(60), np.arange(20), own_validation=True)
    parts = part(60), part(20), part(20)
    return Dataset("toy", CLASSES, *parts, Normalisation("half", (0.5,) * 2, (0.25,) * 2), (), split)


def resnet(variant: str, seed: int = 0) -> nn.Module:
    spec = NetworkSpec(architecture="resnet20", weight_init="kaiming-normal")
    with torch.random.fork_rng([]):
        module = ResNet(8, SHAPE, len(CLASSES), VARIANTS[variant])
    initialise(module, spec, torch.Generator().manual_seed(seed))
    return module


def plain(frozen: str) -> nn.Module:
    spec = NetworkSpec(family="conv", conv=("4B", "M", "6B"), linear=(9, 8))
    module = build(spec, SHAPE, len(CLASSES))
    initialise(module, spec, torch.Generator().manual_seed(0))
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(frozen not in name)
    return module


def mask_of(module: nn.Module) -> Mask:
    generator = torch.Generator().manual_seed(5)
    return Mask({x.name: torch.rand(x.shape, generator=generator) < 0.5 for x in prunable_layers(module)})


@pytest.mark.parametrize("engine", engines)
@pytest.mark.parametrize("optimiser", OPTIMISERS, ids=lambda fields: fields["optimiser"])
@pytest.mark.parametrize(
    "frozen", ["conv.0.weight", "conv.1.bias", "conv.5.weight", "linear.0.bias", "linear", "conv."]
)
def test_frozen_parameters_never_move(engine: str, optimiser: dict[str, float], frozen: str, data: Dataset) -> None:
    """Engines train what they may, or say that they cannot; masks hold on frozen weights too."""
    module = plain(frozen)
    mask, before = mask_of(module), capture(module)
    names = [name for name, parameter in module.named_parameters() if not parameter.requires_grad]
    assert names
    reason = engines[engine].supports(module, TrainSpec(), SHAPE)
    if reason is not None:
        assert "is not trained" in reason
        with pytest.raises(tombola.TombolaError, match="is not trained"):
            tombola.fit(module, data, mask=mask, engine=engine, **RECIPE, **optimiser)
        return
    result = tombola.fit(module, data, mask=mask, engine=engine, **RECIPE, **optimiser)
    mask.apply_(before)
    for name, parameter in module.named_parameters():
        assert torch.equal(result.trained[name], before[name]) == (name in names)
        assert parameter.requires_grad == (name not in names)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("engine", [*engines, "together"])
def test_engines_agree_on_residual_networks(engine: str, variant: str, data: Dataset) -> None:
    """Scales, padded channels and frozen shifts; `together` is what the stacked engine does on a GPU."""
    fields = {"length": "4st", "batch_size": 20, "record_every": 4, "weight_decay": 0.01, "lr": 0.02}
    train = TrainSpec.model_validate(fields | {"optimiser": "sgd", "momentum": 0.9})
    given = StackedEngine(arithmetic="together", convolution="grouped") if engine == "together" else engines[engine]
    modules = [resnet(variant, seed) for seed in (0, 1)]
    reason = given.supports(modules[0], train, SHAPE)
    if reason is not None:
        assert (engine, variant) in [("sparse", "-gem"), ("sparse", "-pad")]
        return
    tasks = [Task(module, mask_of(module), replicate=seed) for seed, module in enumerate(modules)]
    results = given.fit(tasks, data, train, "cpu")
    for seed, result in enumerate(results):
        reference = resnet(variant, seed).double()
        expected = tombola.fit(reference, data, train, mask=mask_of(reference), replicate=seed, engine="dense")
        for name, value in expected.trained.items():
            torch.testing.assert_close(result.trained[name].double(), value.double(), rtol=1e-3, atol=TOLERANCE)
