"""What every registered network must do; add a network and it is tested."""

from copy import deepcopy

import pytest
import torch

from tombola.errors import TombolaError
from tombola.networks import build, capture, count_weights, initialise, networks, prunable_layers, restore
from tombola.specs import NetworkSpec

SPECS = {
    "plan": {
        "plain": NetworkSpec(linear=(12,)),
        "conv": NetworkSpec(family="conv", conv=("4B", "M", 6, "A"), linear=(12, 8), bias="hidden"),
        "grids": NetworkSpec(family="conv", conv=("4B", "P3", 6, "G"), linear=(12, 8), bias="none"),
    },
    "factory": {
        "attention": NetworkSpec(factory="own_networks:attention"),
        "numbers": NetworkSpec(factory="own_networks:reading_numbers", weight_init="default", bias_init="default"),
    },
}
DEFAULT = {"plain": NetworkSpec(), "signed": NetworkSpec(weight_init="signed-kaiming", bias_init="zeros")}
SHAPES = [(1, 12, 12), (3, 9, 13)]
LARGE = ("resnet32", "resnet44", "resnet56", "resnet18-imagenet", "resnet50-imagenet", "vgg11", "vgg16", "vgg19")
"""Deeper or wider versions of others: the whole list takes minutes."""


def cases():
    for name in networks:
        vgg = name.startswith("vgg")
        marks = [pytest.mark.slow] * name.startswith(LARGE)
        for kind in ["plain"] if name == "vit-tiny" or name.endswith("-imagenet") else SPECS.get(name, DEFAULT):
            for shape in [(3, 32, 32)] if vgg else SHAPES[1:] if name == "vit-tiny" else SHAPES:
                yield pytest.param(name, kind, shape, marks=marks)


pytestmark = pytest.mark.parametrize(("name", "kind", "shape"), list(cases()))


def spec_of(name, kind):
    return SPECS.get(name, DEFAULT)[kind].model_copy(update={"architecture": name})


def made(name, kind, shape, seed=0):
    spec = spec_of(name, kind)
    module = build(spec, shape, 5)
    initialise(module, spec, torch.Generator().manual_seed(seed))
    return module


def bits(module):
    return {key: value.numpy().tobytes() for key, value in capture(module).items()}


def test_builds_on_meta_with_the_same_shapes(name, kind, shape):
    ghost, module = build(spec_of(name, kind), shape, 5, device="meta"), made(name, kind, shape)
    assert all(value.is_meta for value in ghost.state_dict().values())
    assert [(k, v.shape) for k, v in ghost.state_dict().items()] == [
        (k, v.shape) for k, v in module.state_dict().items()
    ]
    assert prunable_layers(ghost) == prunable_layers(module)
    assert count_weights(ghost) == count_weights(module)


def test_leaves_the_global_random_state_alone(name, kind, shape):
    before = torch.get_rng_state()
    made(name, kind, shape)
    assert torch.equal(torch.get_rng_state(), before)


def test_does_not_depend_on_the_global_random_state(name, kind, shape):
    spec, state = spec_of(name, kind), torch.get_rng_state()
    try:
        torch.manual_seed(1)
        first = bits(build(spec, shape, 5))
        torch.manual_seed(2)
        assert bits(build(spec, shape, 5)) == first
    finally:
        torch.set_rng_state(state)


def test_equal_seeds_give_equal_bits_and_others_do_not(name, kind, shape):
    first = made(name, kind, shape)
    assert bits(first) == bits(made(name, kind, shape))
    other = capture(made(name, kind, shape, seed=1))
    for layer in prunable_layers(first):
        assert not torch.equal(capture(first)[layer.name], other[layer.name])


def test_initialisation_replaces_everything(name, kind, shape):
    module, fresh = made(name, kind, shape), bits(made(name, kind, shape))
    with torch.no_grad():
        for value in module.state_dict().values():
            value.fill_(7)
    initialise(module, spec_of(name, kind), torch.Generator().manual_seed(0))
    assert bits(module) == fresh


def test_gives_one_logit_per_class(name, kind, shape):
    module = made(name, kind, shape).eval()
    images = torch.rand(4, *shape, generator=torch.Generator().manual_seed(1))
    logits = module(images)
    assert logits.shape == (4, 5)
    assert bool(torch.isfinite(logits).all())
    assert module(images[:1]).shape == (1, 5)


def test_every_parameter_gets_a_gradient(name, kind, shape):
    module = made(name, kind, shape)
    module(torch.rand(4, *shape, generator=torch.Generator().manual_seed(1))).square().sum().backward()
    for parameter in module.parameters():
        assert (parameter.grad is not None) == parameter.requires_grad


def test_a_deep_copy_is_equal_and_independent(name, kind, shape):
    """Section 1.10, defect B10."""
    module = made(name, kind, shape)
    copy = deepcopy(module)
    expected = bits(module)
    assert bits(copy) == expected
    with torch.no_grad():
        for value in copy.state_dict().values():
            value.add_(1)
    assert bits(module) == expected


def test_states_are_restored_after_training(name, kind, shape):
    module = made(name, kind, shape)
    initial, expected = capture(module), bits(module)
    for seed in (1, 2):
        optimiser = torch.optim.Adam(module.parameters(), lr=0.1)
        module(torch.rand(4, *shape, generator=torch.Generator().manual_seed(seed))).square().sum().backward()
        optimiser.step()
        assert bits(module) != expected
        restore(module, initial)
        assert bits(module) == expected


def test_unknown_networks_are_refused(name, kind, shape):
    with pytest.raises(TombolaError, match=f"unknown network '{name}x'.*did you mean '{name}'"):
        build(spec_of(name, kind).model_copy(update={"architecture": f"{name}x"}), shape, 5)
