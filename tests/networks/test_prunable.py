"""The prunable set: convolution and linear weights, attention included; never biases, never normalisation."""

import pytest
import torch
from torch import nn

from tombola.errors import TombolaError
from tombola.networks import PrunableLayer, build, prunable_layers
from tombola.specs import NetworkSpec, resolve

SPEC = NetworkSpec(family="conv", conv=("4B", "M", 8), linear=(6, 5))


@pytest.fixture
def module():
    return build(SPEC, (1, 8, 8), 10, device="meta")


def names(module, *select):
    return [layer.name for layer in prunable_layers(module, select)]


def test_layers_come_in_order_with_kind_and_shape(module):
    assert prunable_layers(module) == (
        PrunableLayer("conv.0.weight", "conv", (4, 1, 3, 3)),
        PrunableLayer("conv.4.weight", "conv", (8, 4, 3, 3)),
        PrunableLayer("linear.0.weight", "linear", (6, 128)),
        PrunableLayer("linear.2.weight", "linear", (5, 6)),
        PrunableLayer("output.weight", "output", (10, 5)),
    )
    assert prunable_layers(module)[1].size == 288


def test_selections(module):
    conv, linear, output = ["conv.0.weight", "conv.4.weight"], ["linear.0.weight", "linear.2.weight"], ["output.weight"]
    assert names(module, "all") == conv + linear + output
    assert names(module, "hidden") == conv + linear
    assert names(module, "conv") == conv
    assert names(module, "linear") == linear + output
    assert names(module, "output.*", "conv") == conv + output  # module order, not the order asked for
    assert names(module, "*.0.weight") == ["conv.0.weight", "linear.0.weight"]
    assert names(module, "all", "conv") == conv + linear + output


def test_an_exclamation_mark_takes_away(module):
    conv, linear, output = ["conv.0.weight", "conv.4.weight"], ["linear.0.weight", "linear.2.weight"], ["output.weight"]
    assert names(module, "all", "!output.*") == names(module, "!output.*", "all") == conv + linear
    assert names(module, "all", "!conv", "!linear.0.*") == ["linear.2.weight", *output]
    assert names(module, "linear", "!conv") == linear + output
    assert names(module, "all", "!hidden") == output
    # it takes away what a pattern adds, too
    assert names(module, "*.0.weight", "!conv.*") == ["linear.0.weight"]


@pytest.mark.parametrize(
    ("select", "message"),
    [
        (("all", "!convs"), r"'!convs' matches no weight \(did you mean 'conv'"),
        (("all", "!"), "'!' matches no weight"),
        (("all", "!!conv"), "'!!conv' matches no weight"),
        (("all", "!output.bias"), "'!output.bias' matches only biases or normalisation"),
        (("!conv",), r"\['!conv'\] only takes away; name first what is pruned: \['all', '!conv'\]"),
        (("conv", "!*"), "selects no weight of this network"),
        (("output.*", "!linear"), "selects no weight of this network"),
    ],
)
def test_what_cannot_be_taken_away_is_refused(module, select, message):
    with pytest.raises(TombolaError, match=message):
        prunable_layers(module, select)


def test_presets_select_what_they_say():
    """Field reference 2.1: open_lth leaves the output layer out."""
    spec = resolve("fc2019-lenet-openlth").network
    module = build(spec, (1, 28, 28), 10, device="meta")
    assert [layer.size for layer in prunable_layers(module, spec.prunable)] == [235200, 30000]


@pytest.mark.parametrize("token", ["convs", "conv.9.weight", "Linear", ""])
def test_unknown_tokens_are_refused(module, token):
    with pytest.raises(TombolaError, match=f"'{token}' matches no weight"):
        prunable_layers(module, ("all", token))


def test_messages_do_not_list_every_layer_of_a_deep_network():
    module = build(NetworkSpec(architecture="resnet56"), (3, 32, 32), 10, device="meta")
    with pytest.raises(
        TombolaError, match=r"'!\*foo\*' matches no weight \(choose from all, conv, hidden, linear, or"
    ) as it:
        prunable_layers(module, ("all", "!*foo*"))
    assert "patterns over 58 names like conv.weight)" in str(it.value)
    with pytest.raises(TombolaError, match=r"did you mean 'blocks\.12\.conv1\.weight'"):
        prunable_layers(module, ("blocks.12.conv1.weights",))


@pytest.mark.parametrize("token", ["output.bias", "conv.1.weight", "conv.1.*"])
def test_biases_and_normalisation_are_refused(module, token):
    """Section 4.9: a direct prune request on a layer that cannot be pruned is an error."""
    with pytest.raises(TombolaError, match="never pruned"):
        prunable_layers(module, (token,))


@pytest.mark.parametrize("select", [("conv",), ("hidden",), ()])
def test_empty_selections_are_refused(select):
    module = build(NetworkSpec(), (1, 8, 8), 10, device="meta")
    with pytest.raises(TombolaError, match="selects no weight"):
        prunable_layers(module, select)


def test_a_bare_string_is_one_token(module):
    assert [layer.name for layer in prunable_layers(module, "conv")] == ["conv.0.weight", "conv.4.weight"]


def test_a_bare_layer_is_a_network():
    assert prunable_layers(nn.Linear(3, 2)) == (PrunableLayer("weight", "output", (2, 3)),)


def test_attention_projections_are_prunable_and_no_output():
    module = nn.Sequential(nn.Linear(8, 8), nn.MultiheadAttention(8, 2), nn.LayerNorm(8))
    assert prunable_layers(module) == (
        PrunableLayer("0.weight", "output", (8, 8)),
        PrunableLayer("1.in_proj_weight", "linear", (24, 8)),
        PrunableLayer("1.out_proj.weight", "linear", (8, 8)),
    )
    split = nn.MultiheadAttention(8, 2, kdim=4, vdim=6, bias=False)
    sizes = {layer.name: layer.size for layer in prunable_layers(split)}
    assert sizes == {"q_proj_weight": 64, "k_proj_weight": 32, "v_proj_weight": 48, "out_proj.weight": 64}


@pytest.mark.parametrize(
    "layer",
    [nn.Conv1d(2, 3, 3), nn.Conv3d(2, 3, 3), nn.ConvTranspose2d(2, 3, 3), nn.Conv2d(4, 4, 3, groups=4, bias=False)],
    ids=lambda layer: type(layer).__name__,
)
def test_every_convolution_is_prunable(layer):
    assert prunable_layers(layer) == (PrunableLayer("weight", "conv", tuple(layer.weight.shape)),)


@pytest.mark.parametrize(
    "layer", [nn.Embedding(3, 4), nn.LSTM(3, 4), nn.BatchNorm2d(4)], ids=lambda x: type(x).__name__
)
def test_other_layers_are_skipped(layer):
    assert len(prunable_layers(nn.Sequential(layer, nn.Linear(4, 2)))) == 1


def test_shared_weights_are_refused_unless_left_out():
    module = nn.ModuleDict({"a": nn.Linear(4, 4), "b": nn.Linear(4, 4), "c": nn.Linear(4, 4)})
    module["b"].weight = module["a"].weight
    with pytest.raises(TombolaError, match=r"'a\.weight' is shared with 'b\.weight'"):
        prunable_layers(module)
    assert [layer.name for layer in prunable_layers(module, ("c.*",))] == ["c.weight"]


def test_weights_that_are_computed_or_lazy_are_refused():
    module = nn.Linear(3, 3)
    torch.nn.utils.parametrizations.weight_norm(module)
    with pytest.raises(TombolaError, match="no plain weight"):
        prunable_layers(module)
    with pytest.raises(TombolaError, match="no plain weight"):
        prunable_layers(nn.LazyLinear(3))
