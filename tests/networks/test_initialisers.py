"""Distributions of initial weights: mean, deviation, bounds, and that nothing but the generator decides."""

import math

import pytest
import torch
from torch import nn

from tombola.networks import build, capture, initialise
from tombola.networks.initialisers import DEFAULT, INITIALISERS, fans
from tombola.specs import NetworkSpec

SHAPES = {"linear": (200, 400), "conv": (64, 32, 3, 5)}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def variance(name, fan_in, fan_out):
    """What the papers ask for."""
    return {
        "glorot-normal": 2 / (fan_in + fan_out),
        "glorot-uniform": 2 / (fan_in + fan_out),
        "kaiming-normal": 2 / fan_in,
        "kaiming-uniform": 2 / fan_in,
        "signed-kaiming": 2 / fan_in,
        "uniform-fan-in": 1 / (3 * fan_in),
    }[name]


def kurtosis(name):
    return {"normal": 3.0, "uniform": 1.8, "signed": 1.0}[
        "signed" if name.startswith("signed") else "normal" if "normal" in name else "uniform"
    ]


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("name", INITIALISERS)
def test_mean_variance_and_shape_of_the_distribution(name, kind):
    shape = SHAPES[kind]
    weights = INITIALISERS[name](shape, seeded()).double()
    assert weights.shape == shape
    fan_in, fan_out = fans(weights)
    assert (fan_in, fan_out) == ((400, 200) if kind == "linear" else (480, 960))
    expected = variance(name, fan_in, fan_out)
    assert float(weights.mean()) == pytest.approx(0, abs=5 * math.sqrt(expected / weights.numel()))
    assert float(weights.var()) == pytest.approx(expected, rel=0.03)
    assert float((weights**4).mean() / weights.var() ** 2) == pytest.approx(kurtosis(name), rel=0.04)


@pytest.mark.parametrize("name", [name for name in INITIALISERS if "uniform" in name])
def test_uniform_weights_fill_their_range(name):
    weights = INITIALISERS[name]((100, 784), seeded())
    bound = math.sqrt(3 * variance(name, 784, 100))
    assert bound * 0.999 < float(weights.max()) <= bound
    assert bound * 0.999 < float(-weights.min()) <= bound


def test_signs_of_one_magnitude():
    """Sparse-analysis reference, section 2.1: ±.0505 with 784 inputs, ±.1414 with 100."""
    for fan_in, magnitude in ((784, 0.05050762742757797), (100, 0.1414213627576828)):
        weights = INITIALISERS["signed-kaiming"]((100, fan_in), seeded())
        assert weights.abs().unique().tolist() == [magnitude]  # as in the stored networks, in float32


@pytest.mark.parametrize("name", [*INITIALISERS, DEFAULT])
def test_every_name_initialises_a_network_from_its_generator_alone(name):
    spec = NetworkSpec(family="conv", conv=(8, "M"), linear=(30,), weight_init=name, bias_init="default")
    states, before = [], torch.get_rng_state()
    for seed, layout in ((0, torch.contiguous_format), (0, torch.channels_last), (1, torch.contiguous_format)):
        module = build(spec, (3, 8, 8), 10).to(memory_format=layout)
        initialise(module, spec, seeded(seed))
        states.append(capture(module))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    assert not any(torch.equal(states[0][key], states[2][key]) for key in states[0])


def test_names_are_those_of_the_spec():
    values = NetworkSpec.model_fields["weight_init"].annotation.__args__
    assert set(values) == {*INITIALISERS, DEFAULT}


def test_default_is_what_the_layers_draw_themselves():
    spec = NetworkSpec(conv=(8,), linear=(30,), weight_init="default", bias_init="default")
    module = build(spec, (3, 8, 8), 10)
    initialise(module, spec, seeded())
    for layer, fan_in in ((module.conv[0], 27), (module.linear[0], 512), (module.output, 30)):
        for tensor in (layer.weight.detach(), layer.bias.detach()):
            assert 0.6 / math.sqrt(fan_in) < float(tensor.abs().max()) <= 1 / math.sqrt(fan_in)


class Ones(nn.Linear):
    def reset_parameters(self):
        nn.init.ones_(self.weight)
        nn.init.ones_(self.bias)


def test_default_may_be_had_for_weights_or_biases_alone():
    module = nn.Sequential(Ones(4, 3))
    initialise(module, NetworkSpec(weight_init="default", bias_init="zeros"), seeded())
    assert (module[0].weight.unique().tolist(), module[0].bias.unique().tolist()) == ([1.0], [0.0])
    initialise(module, NetworkSpec(weight_init="signed-kaiming", bias_init="default"), seeded())
    assert module[0].bias.unique().tolist() == [1.0]
    assert module[0].weight.detach().abs().unique().tolist() == [pytest.approx(math.sqrt(0.5))]
    initialise(module, NetworkSpec(weight_init="default", bias_init="default"), seeded())
    assert bool((module[0].weight == 1).all())
