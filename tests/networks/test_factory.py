"""Networks by import path: attention and group norm are found, pruned, initialised and trained; mistakes are named."""

import pytest
import torch
from torch import nn

import tombola
from tombola.errors import TombolaError
from tombola.networks import build, capture, initialise, prunable_layers
from tombola.pruning import Mask
from tombola.specs import NetworkSpec

SHAPE = (1, 8, 8)


def spec_of(name, **fields):
    return NetworkSpec(factory=name if ":" in name else f"own_networks:{name}", **fields)


def made(name, seed=0, **fields):
    spec = spec_of(name, **fields)
    module = build(spec, SHAPE, 10)
    initialise(module, spec, torch.Generator().manual_seed(seed))
    return module


def test_naming_a_factory_is_enough():
    assert spec_of("attention").architecture == "factory"
    bare = NetworkSpec().model_copy(update={"architecture": "factory"})
    with pytest.raises(TombolaError, match=r"'factory' needs network\.factory"):
        build(bare, SHAPE, 10)


@pytest.mark.parametrize("name", ["attention", "group_norm", "small", "anything", "reading_numbers", "lazy"])
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_functions_get_what_they_have_parameters_for(name, device):
    """Also those that cannot be built, or run, without numbers: the network is tried on the CPU."""
    before = torch.get_rng_state()
    module = build(spec_of(name), SHAPE, 10, device)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(value.is_meta == (device == "meta") for value in module.state_dict().values())
    assert module.training
    assert all(parameter.grad is None for parameter in module.parameters())


def test_a_class_is_a_function_too():
    layers = prunable_layers(build(spec_of("own_networks:Attention"), SHAPE, 10, "meta"))
    assert layers == prunable_layers(build(spec_of("attention"), SHAPE, 10))


def test_prunable_weights_of_attention():
    layers = {layer.name: (layer.kind, layer.shape) for layer in prunable_layers(made("attention"))}
    assert layers == {
        "embed.weight": ("linear", (16, 8)),
        "encoder.self_attn.in_proj_weight": ("linear", (48, 16)),
        "encoder.self_attn.out_proj.weight": ("linear", (16, 16)),
        "encoder.linear1.weight": ("linear", (24, 16)),
        "encoder.linear2.weight": ("linear", (16, 24)),
        "head.weight": ("output", (10, 16)),
    }


def test_prunable_weights_beside_group_norm():
    assert [layer.name for layer in prunable_layers(made("group_norm"))] == ["0.weight", "5.weight"]


def test_lazy_layers_take_their_sizes_from_the_images():
    module = made("lazy")
    assert [layer.shape for layer in prunable_layers(module)] == [(4, 1, 3, 3), (10, 144)]
    assert int(module[1].num_batches_tracked) == 0


@pytest.mark.parametrize("name", ["attention", "group_norm"])
@pytest.mark.parametrize("weight_init", ["glorot-normal", "default"])
def test_initialisation_is_a_function_of_the_generator(name, weight_init):
    first, same, other = (capture(made(name, seed, weight_init=weight_init)) for seed in (0, 0, 1))
    assert all(torch.equal(first[key], same[key]) for key in first)
    drawn = [key for key, value in first.items() if value.unique().numel() > 1]
    assert {layer.name for layer in prunable_layers(made(name))} <= set(drawn)
    assert not any(torch.equal(first[key], other[key]) for key in drawn)


@pytest.mark.parametrize("name", ["attention", "group_norm"])
def test_pruned_weights_stay_exact_zeros_in_training(name):
    module = made(name)
    generator = torch.Generator().manual_seed(1)
    mask = Mask({x.name: torch.rand(x.shape, generator=generator) < 0.4 for x in prunable_layers(module)})
    before = capture(module)
    recipe = {"steps": 1, "batch_size": 50, "weight_decay": 0.1, "optimiser": "sgd", "lr": 0.5, "momentum": 0.9}
    result = tombola.fit(module, tombola.load_data("digits"), mask=mask, engine="dense", record_every=1, **recipe)
    assert result.status == "done"
    for key, keep in mask.items():
        trained = result.trained[key]
        assert not trained[~keep].numpy().tobytes().strip(b"\0")  # +0.0, not -0.0
        assert bool((trained[keep] != before[key][keep]).all())


@pytest.mark.parametrize("engine", ["sparse", "stacked"])
def test_engines_that_cannot_say_so(engine):
    module = made("attention")
    with pytest.raises(TombolaError, match=rf"engine '{engine}' cannot train this network: .*it calls transpose\(\)"):
        tombola.fit(module, tombola.load_data("digits"), engine=engine, steps=1, record_every=1)


WRONG = {
    "attention": "no import path; write package.module:function",
    "own networks:small": "no import path",
    "own_networks:": "no import path",
    "own_networks:Attention.head": "no import path",
    "not_there:small": "module 'not_there' of 'not_there:small' cannot be imported: ModuleNotFoundError",
    "own_networks:smal": r"module 'own_networks' has no function 'smal' \(did you mean 'small'\?\)",
    "own_networks:constant": "own_networks:constant is an int, not a function",
    "own_networks:nothing": "own_networks:nothing returns a NoneType, not a torch.nn.Module",
    "own_networks:broken": "own_networks:broken fails: KeyError: 10",
    "own_networks:wide": "own_networks:wide asks for 'width', but it can only be given input_shape, classes and spec",
    "own_networks:seven": r"own_networks:seven returns \[2, 7\] for two images, where the data ask for \[2, 10\]",
    "own_networks:pair": r"own_networks:pair returns a tuple for two images",
}


@pytest.mark.parametrize("factory", WRONG)
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_mistakes_are_one_sentence(factory, device):
    with pytest.raises(TombolaError, match=WRONG[factory]) as error:
        build(NetworkSpec(factory=factory), SHAPE, 10, device)
    assert str(error.value).startswith("network.factory")
    assert "\n" not in str(error.value)


def test_images_of_the_wrong_size_are_named():
    with pytest.raises(TombolaError, match=r"does not take images of shape \[1, 9, 9\]: RuntimeError"):
        build(spec_of("small"), (1, 9, 9), 10)


def test_modules_that_fail_while_they_are_imported(tmp_path, monkeypatch):
    (tmp_path / "failing_network.py").write_text("1 / 0\n")
    monkeypatch.chdir(tmp_path)  # the current directory counts
    with pytest.raises(TombolaError, match=r"'failing_network' .* cannot be imported: ZeroDivisionError"):
        build(NetworkSpec(factory="failing_network:make"), SHAPE, 10)


def test_what_a_factory_did_not_set_up_is_said_by_name():
    class Token(nn.Module):
        def __init__(self):
            super().__init__()
            self.token = nn.Parameter(torch.zeros(3))

    with pytest.raises(TombolaError, match="give it one"):
        initialise(nn.Sequential(Token()), NetworkSpec(weight_init="default"), torch.Generator())
