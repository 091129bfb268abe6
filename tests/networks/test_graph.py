"""The layer graph computes what the network computes, says what it is made of, and refuses what it cannot say."""

import pickle

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tombola.errors import TombolaError
from tombola.networks import Scale, build, initialise, networks, prunable_layers
from tombola.networks.graph import OPS, layer_graph, run_graph, unsupported
from tombola.specs import NetworkSpec

SPECS = {
    "plain": NetworkSpec(linear=(12,)),
    "conv": NetworkSpec(family="conv", conv=("4B", "M", 6, "A"), linear=(12, 8)),
}
SHAPE = (3, 9, 13)


class Residual(nn.Module):
    """Sums, functions instead of layers, batch norm, two kinds of dropout, pooling to one pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding="same", bias=False)
        self.norm = nn.BatchNorm2d(4, momentum=0.3)
        self.second = nn.Conv2d(4, 4, (3, 1), stride=(1, 2), padding=(1, 0), dilation=(1, 2), groups=2)
        self.shortcut = nn.Sequential(nn.Identity(), nn.Conv2d(4, 4, 1, stride=(1, 2)), nn.Dropout(0.0))
        self.drop = nn.Dropout(0.4)
        self.head = nn.Linear(4, 5)

    def forward(self, images):
        x = torch.relu(self.norm(self.first(images)))
        x = F.max_pool2d(x, 2, stride=1, padding=1)
        x = self.shortcut(x) + self.second(x).tanh()
        x = F.dropout(F.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False), 0.5, self.training)
        x = F.adaptive_avg_pool2d(x, 1)
        return self.head(self.drop(x.view(x.size(0), -1)))


def bound(module, seed=1):
    """Give batch norm statistics that are not neutral."""
    generator = torch.Generator().manual_seed(seed)
    for tensor in module.buffers():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
    return module


def images(n=4, shape=SHAPE):
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(2))


def test_operations_are_about_ten():
    assert len(OPS) == 13


def registered():
    for name in networks:
        if name in ("factory", "vit-tiny"):
            continue  # whatever a user's function makes; attention, which is refused (below)
        large = name.startswith(("resnet32", "resnet44", "resnet56", "vgg"))
        marks = [pytest.mark.slow] * large
        for kind in SPECS if name == "plan" else ["own"]:
            spec = SPECS.get(kind, NetworkSpec()).model_copy(update={"architecture": name})
            shape = (3, 224, 224) if name == "vgg16-imagenet" else (3, 32, 32) if name.startswith("vgg") else SHAPE
            yield pytest.param(spec, shape, id=f"{name}-{kind}", marks=marks)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(("spec", "shape"), list(registered()))
def test_registered_networks_op_by_op(spec, shape, training):
    module = build(spec, shape, 5)
    initialise(module, spec, torch.Generator().manual_seed(0))
    graph = layer_graph(bound(module), shape)
    assert layer_graph(build(spec, shape, 5, device="meta"), shape) == graph
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0  # two passes would drop differently
    state = {key: value.clone() for key, value in module.state_dict().items()}
    module.train(training)
    given = run_graph(layer_graph(module, shape), state, images(shape=shape), training)
    assert torch.equal(given, module(images(shape=shape)))
    for key, value in module.state_dict().items():  # statistics too
        assert torch.equal(state[key], value)
    assert [node.weight for node in graph.weighted()] == [layer.name for layer in prunable_layers(module)]
    assert graph.input_shape == shape
    assert graph.output_shape == (5,)


class OptionA(nn.Module):
    """A shortcut as many write it: slices and functions instead of layers; and one that only pads."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 9, 3, stride=(2, 1), padding=1)
        self.scale, self.head = Scale(9), nn.Linear(9, 5)

    def forward(self, images):
        x = self.first(images)
        x = torch.relu(self.second(x) + F.pad(x[:, :, ::2, :], (0, 0, 0, 0, 2, 3), "constant", 0))
        x = self.scale(F.pad(x, (0, 0, 0, 0, 0, 0))) + x
        return self.head(F.pad(x[:, :, :, ::3], (0, 0), value=0.0).mean((2, 3)))


def test_slices_and_padded_channels_are_operations():
    module = OptionA().eval()
    module.scale.weight.data.copy_(torch.arange(9.0))
    graph = layer_graph(module, (3, 7, 8))
    x = images(shape=(3, 7, 8))
    torch.testing.assert_close(run_graph(graph, module.state_dict(), x), module(x), rtol=0, atol=1e-6)
    ops = [node.op for node in graph]
    assert (ops.count("pad"), ops.count("scale")) == (1, 1)
    pad, scale = graph[ops.index("pad")], graph[ops.index("scale")]
    assert (pad["before"], pad["after"], pad.shape) == (2, 3, (9, 4, 8))
    assert scale.tensors == (("weight", "scale.weight"),)
    assert scale.weight is None  # never prunable
    first = graph[pad.inputs[0]]
    assert (first.op, first["kernel"], first["stride"], first.shape) == ("avg_pool", (1, 1), (2, 1), (4, 4, 8))


def test_a_residual_network_of_a_user():
    module = bound(Residual()).eval()
    graph = layer_graph(module, (3, 8, 8))
    x = images(shape=(3, 8, 8))
    # adaptive pooling is lowered to average pooling, which adds in another order
    torch.testing.assert_close(run_graph(graph, module.state_dict(), x), module(x), rtol=0, atol=1e-6)
    ops = [node.op for node in graph]
    assert ops.count("add") == 1
    assert ops.count("dropout") == 2
    sums = graph[ops.index("add")]
    assert [graph[source].module for source in sums.inputs] == ["shortcut.1", ""]
    second = next(node for node in graph if node.module == "second")
    assert (second["stride"], second["padding"], second["dilation"], second["groups"]) == ((1, 2), (1, 0), (1, 2), 2)
    assert second.shape == (4, 9, 5)
    assert graph.consumers[second.inputs[0]] == tuple(i for i, n in enumerate(graph) if second.inputs[0] in n.inputs)
    assert len(graph.consumers[second.inputs[0]]) == 2


def test_every_value_is_released_once_and_after_its_last_use():
    graph = layer_graph(Residual(), (3, 8, 8))
    gone = [source for released in graph.released for source in released]
    assert sorted([*gone, graph.output]) == list(range(len(graph)))
    for position, released in enumerate(graph.released):
        assert all(max((source, *graph.consumers[source])) == position for source in released)


def test_graphs_compare_hash_and_pickle():
    first, second = (layer_graph(Residual(), (3, 8, 8)) for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)
    assert pickle.loads(pickle.dumps(first)) == first
    assert layer_graph(Residual(), (3, 8, 10)) != first


def test_the_module_is_left_alone():
    module = Residual().eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    random = torch.get_rng_state()
    layer_graph(module, (3, 8, 8))
    assert not module.training
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)


def user(forward):
    class User(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3, padding=1)
            self.head = nn.Linear(3, 5)
            self.scale = nn.Parameter(torch.ones(3))
            self.steps = 0
            self.double = self.conv

    User.forward = forward
    return User()


def counting(self, x):
    self.steps += 1
    return self.head(self.conv(x).mean((2, 3)))


def twice(self, x):
    return self.head(self.conv(self.conv(x)).mean((2, 3)))


def scaled(self, x):
    return self.head(self.conv(x).mean((2, 3)) * self.scale)


def moded(self, x):
    x = self.conv(x)
    return self.head((torch.relu(x) if self.training else x).mean((2, 3)))


def branching(self, x):
    return self.head((x if x.sum() > 0 else self.conv(x)).mean((2, 3)))


def aliased(self, x):
    x = self.conv(x)
    y = x
    x += torch.relu(x)
    return self.head((x + y).mean((2, 3)))


def overwritten(self, x):
    x = self.conv(x)
    return self.head((torch.relu_(x) + x).mean((2, 3)))


def always_dropping(self, x):
    return self.head(F.dropout(self.conv(x).mean((2, 3)), 0.5, True))


def broadcasting(self, x):
    x = self.conv(x)
    return self.head((x + x.mean((2, 3), keepdim=True)).mean((2, 3)))


def hooked():
    module = nn.Sequential(nn.Flatten(), nn.Linear(192, 5))
    module[1].register_forward_hook(lambda *_: None)
    return module


class Own(nn.Linear):
    def forward(self, x):
        return super().forward(x) * 2


REFUSED = {
    "layer '1' (GroupNorm)": nn.Sequential(nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4)),
    "layer '0' (Conv2d) pads with 'circular'": nn.Sequential(nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular")),
    "layer '0' (BatchNorm2d) tracks no": nn.Sequential(nn.BatchNorm2d(3, track_running_stats=False)),
    "layer '1' (Linear) has hooks": hooked(),
    "changes the module's own attributes": user(counting),
    "layer 'conv' is used twice": user(twice),
    "the tensor 'scale' outside of a layer": user(scaled),
    "differs between training and evaluation": user(moded),
    "cannot be traced": user(branching),
    "alias": user(aliased),
    "works in place on a value that is used elsewhere": user(overwritten),
    "does not follow the mode": user(always_dropping),
    "unequal shapes": user(broadcasting),
    "calls sigmoid()": user(lambda self, x: self.head(torch.sigmoid(self.conv(x)).mean((2, 3)))),
    "layer '0' pools 8x8 maps to 3x3": nn.Sequential(nn.AdaptiveAvgPool2d(3)),
    "the tensor '1.weight' outside of a layer": nn.Sequential(nn.Flatten(), Own(192, 5)),
    "takes a part of a feature map": user(lambda self, x: self.head(self.conv(x)[:, :, 1:].mean((2, 3)))),
    "pads maps with something other than channels": user(lambda self, x: self.head(F.pad(x, (1, 1)).mean((2, 3)))),
    "channels of zeros": user(lambda self, x: self.head(F.pad(x, (0, 0, 0, 0, 1, 1), value=1.0).mean((2, 3)))),
    "adds channels, but its input has shape [3]": nn.Sequential(
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.ZeroPad3d((0, 0, 0, 0, 1, 0))
    ),
    "layer '1' cannot take maps of shape [192]": nn.Sequential(nn.Flatten(), nn.Linear(7, 5)),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_refusals_name_the_layer(reason):
    module = REFUSED[reason]
    found = unsupported(module, (3, 8, 8))
    assert found is not None
    assert reason in found
    with pytest.raises(TombolaError, match="no layer graph"):
        layer_graph(module, (3, 8, 8))


def test_without_names_what_the_caller_cannot_do():
    module = Residual()
    assert unsupported(module) is None
    assert unsupported(module, without=("tanh",)) == "the tanh is a tanh, which is not done here"
    assert unsupported(nn.Sequential(nn.Dropout(0.1)), without=("dropout",)).startswith("layer '0' is a dropout")


def test_attention_has_no_layer_graph():
    with pytest.raises(TombolaError, match="no layer graph"):
        layer_graph(build(NetworkSpec(architecture="vit-tiny"), (3, 32, 32), 5, device="meta"), (3, 32, 32))
