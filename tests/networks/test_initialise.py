"""Initialisation (playground reference, sections 1.7 and 1.8)."""

import math

import pytest
import torch
from torch import nn

from tombola.errors import TombolaError
from tombola.networks import build, capture, initialise
from tombola.networks.initialise import fans
from tombola.specs import NetworkSpec


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def made(spec, shape=(1, 28, 28), seed=0):
    module = build(spec, shape, 10)
    initialise(module, spec, seeded(seed))
    return module


def test_glorot_deviation_of_a_784_to_30_layer():
    """Section 1.7: std = sqrt(2 / (784 + 30)), measured about 0.0496."""
    weight = made(NetworkSpec(linear=(30,))).linear[0].weight.detach()
    assert math.sqrt(2 / 814) == pytest.approx(0.0496, abs=5e-5)
    assert float(weight.std()) == pytest.approx(0.0496, rel=0.02)
    assert float(weight.mean()) == pytest.approx(0, abs=0.002)


def test_weights_are_normal_not_uniform():
    weight = made(NetworkSpec(linear=(300,))).linear[0].weight.detach().double()
    deviation = weight.std()
    assert float((weight / deviation).pow(4).mean()) == pytest.approx(3.0, abs=0.1)  # uniform: 1.8


def test_convolution_fans_are_channels_times_nine():
    assert fans(torch.empty(64, 3, 3, 3)) == (27, 576)
    weight = made(NetworkSpec(conv=(64, 64)), (3, 8, 8)).conv[2].weight.detach()
    assert float(weight.std()) == pytest.approx(math.sqrt(2 / (576 + 576)), rel=0.02)


def test_kaiming_deviation():
    weight = made(NetworkSpec(linear=(100,), weight_init="kaiming-normal")).linear[0].weight.detach()
    assert float(weight.std()) == pytest.approx(math.sqrt(2 / 784), rel=0.02)


def test_uniform_biases_fill_their_range():
    module = made(NetworkSpec(conv=(64,), linear=(300,)), (3, 8, 8))
    for layer, fan_in in ((module.conv[0], 27), (module.linear[0], 64 * 64)):
        bias = layer.bias.detach()
        bound = 1 / math.sqrt(fan_in)
        assert float(bias.abs().max()) <= bound
        assert float(bias.max()) > 0.8 * bound
        assert float(bias.min()) < -0.8 * bound


def test_zero_biases():
    module = made(NetworkSpec(conv=(4,), linear=(30,), bias_init="zeros"))
    for name, value in module.named_parameters():
        assert bool((value == 0).all()) == name.endswith("bias")


def test_normalisation_starts_neutral_whatever_it_was():
    spec = NetworkSpec(conv=("4B",))
    module = build(spec, (1, 8, 8), 10)
    with torch.no_grad():
        for value in module.state_dict().values():
            value.fill_(7)
    initialise(module, spec, seeded())
    norm = module.conv[1]
    for value, expected in ((norm.weight, 1), (norm.bias, 0), (norm.running_mean, 0), (norm.running_var, 1)):
        assert torch.equal(value, torch.full_like(value, expected))
    assert int(norm.num_batches_tracked) == 0


@pytest.mark.parametrize(
    "norm",
    [nn.BatchNorm2d(4, affine=False), nn.GroupNorm(2, 4), nn.LayerNorm(4), nn.RMSNorm(4), nn.InstanceNorm2d(4, True)],
    ids=lambda norm: type(norm).__name__,
)
def test_every_normalisation_is_reset_without_random_numbers(norm):
    with torch.no_grad():
        for value in norm.state_dict().values():
            value.fill_(7)
    generator = seeded()
    initialise(nn.Sequential(norm), NetworkSpec(), generator)
    assert not any(bool((value == 7).any()) for value in norm.state_dict().values())
    assert torch.equal(generator.get_state(), seeded().get_state())


class Attentive(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(5, 8)
        self.attention = nn.MultiheadAttention(8, 2)
        self.output = nn.Linear(8, 3)


def test_other_modules_reset_themselves_from_the_generator():
    module, again, other = Attentive(), Attentive(), Attentive()
    before = torch.get_rng_state()
    for target, seed in ((module, 0), (again, 0), (other, 1)):
        initialise(target, NetworkSpec(), seeded(seed))
    assert torch.equal(torch.get_rng_state(), before)
    first, same, different = capture(module), capture(again), capture(other)
    assert all(torch.equal(first[name], same[name]) for name in first)
    for name in ("embedding.weight", "attention.in_proj_weight", "attention.out_proj.weight", "output.bias"):
        assert not torch.equal(first[name], different[name])


def test_modules_that_cannot_be_initialised_are_named():
    class Token(nn.Module):
        def __init__(self):
            super().__init__()
            self.token = nn.Parameter(torch.zeros(3))

    with pytest.raises(TombolaError, match=r"module '0' \(Token\) .*reset_parameters"):
        initialise(nn.Sequential(Token()), NetworkSpec(), seeded())


def test_bits_do_not_depend_on_the_memory_layout():
    spec = NetworkSpec(conv=(8, 8))
    plain, last = build(spec, (3, 8, 8), 10), build(spec, (3, 8, 8), 10).to(memory_format=torch.channels_last)
    initialise(plain, spec, seeded())
    initialise(last, spec, seeded())
    assert last.conv[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert all(torch.equal(a, b) for a, b in zip(plain.parameters(), last.parameters(), strict=True))


def test_bits_do_not_depend_on_the_default_type():
    spec = NetworkSpec(linear=(30,))
    first, second = build(spec, (1, 28, 28), 10), build(spec, (1, 28, 28), 10)
    initialise(first, spec, seeded())
    torch.set_default_dtype(torch.float64)
    try:
        initialise(second, spec, seeded())
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(first.linear[0].weight, second.linear[0].weight)


def test_gradients_and_training_mode_are_left_alone():
    spec = NetworkSpec(linear=(30,))
    module = made(spec).eval()
    module.output.weight.grad = torch.ones_like(module.output.weight)
    initialise(module, spec, seeded(1))
    assert not module.training
    assert bool((module.output.weight.grad == 1).all())
    assert module.output.weight.requires_grad
