"""Residual networks: published counts, shortcuts, what is trained, and that everything that walks graphs can."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tombola.errors import TombolaError
from tombola.networks import Scale, build, capture, count_weights, initialise, layer_graph, prunable_layers
from tombola.networks.resnet import VARIANTS, ResNet
from tombola.pruning import Mask
from tombola.pruning.compact import compact_network
from tombola.specs import NetworkSpec

CIFAR, SMALL = (3, 32, 32), (2, 9, 12)
PUBLISHED = [432, *(2304,) * 6, 4608, *(9216,) * 5, 18432, *(36864,) * 5, 640]
GEM = ("all", "!*shortcut*")


def ghost(name, shape=CIFAR):
    return build(NetworkSpec(architecture=name), shape, 10, device="meta")


def sizes(name, select=("all",)):
    return [layer.size for layer in prunable_layers(ghost(name), select)]


def filled(name, shape=SMALL, classes=4, seed=0):
    """A network none of whose numbers is 0 or 1."""
    module = ResNet(8, shape, classes, VARIANTS[name])
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for key, tensor in module.state_dict().items():
            if tensor.is_floating_point():
                spread = 0.2 if tensor.dim() > 1 else 1.0
                tensor.copy_(spread * (torch.rand(tensor.shape, generator=generator) - 0.5))
                if key.endswith("running_var"):
                    tensor.add_(1)
    return module.eval()


def images(n=4, shape=SMALL):
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(9))


def test_layers_of_the_synflow_family():
    """Sparse-analysis reference, section 2.2: 270,896 prunable weights, projections (512 + 2,048) among them."""
    layers = {layer.name: layer.size for layer in prunable_layers(ghost("resnet20"))}
    projections = {name: layers.pop(name) for name in list(layers) if "shortcut" in name}
    assert projections == {"blocks.3.shortcut.0.weight": 512, "blocks.6.shortcut.0.weight": 2048}
    assert list(layers.values()) == PUBLISHED
    assert sum(PUBLISHED) + 2560 == sum(sizes("resnet20")) == 270_896
    assert count_weights(ghost("resnet20")).biases == 10  # of the head alone


def test_layers_of_gem_miner():
    """Section 2.2: 268,336 prunable weights in 19 convolutions and the head, which has no bias."""
    assert sizes("resnet20-gem", GEM) == PUBLISHED
    assert sum(PUBLISHED) == 268_336
    module = ghost("resnet20-gem")
    assert count_weights(module).biases == 0
    scales = [name for name, part in module.named_modules() if isinstance(part, Scale)]
    assert scales == [f"blocks.{number}.shortcut" for number in (0, 1, 2, 4, 5, 7, 8)]


def test_option_a_has_shortcuts_without_parameters():
    assert sizes("resnet20-pad") == PUBLISHED
    assert not any("shortcut" in name for name in ghost("resnet20-pad").state_dict())


def test_state_names_are_those_of_openlth():
    """Section 2.2: conv, bn, blocks.{0..8}.{conv1,bn1,conv2,bn2,shortcut[.0,.1]}, fc."""
    names = {name.rpartition(".")[0] for name in ghost("resnet20").state_dict()}
    blocks = {f"blocks.{i}.{part}" for i in range(9) for part in ("conv1", "bn1", "conv2", "bn2")}
    shortcuts = {f"blocks.{i}.shortcut.{part}" for i in (3, 6) for part in (0, 1)}
    assert names == {"conv", "bn", "fc"} | blocks | shortcuts


@pytest.mark.parametrize(("depth", "blocks"), [(20, 3), (32, 5), (44, 7), (56, 9)])
@pytest.mark.parametrize("variant", VARIANTS)
def test_depth_gives_blocks_per_stage(depth, blocks, variant):
    """Section 2.2: (depth - 2) / 6; a stage halves the map in its first block."""
    module = ghost(f"resnet{depth}{variant}")
    assert len(module.blocks) == 3 * blocks
    convolutions = [layer for layer in prunable_layers(module) if "shortcut" not in layer.name]
    assert len(convolutions) == depth
    shapes = [node.shape for node in layer_graph(module, CIFAR) if node.module.endswith("conv2")]
    assert shapes == [*[(16, 32, 32)] * blocks, *[(32, 16, 16)] * blocks, *[(64, 8, 8)] * blocks]


@pytest.mark.parametrize("depth", [2, 18, 21])
def test_other_depths_are_refused(depth):
    with pytest.raises(TombolaError, match=f"ResNet of depth {depth} does not divide into blocks"):
        ResNet(depth, CIFAR, 10, VARIANTS[""])


@pytest.mark.parametrize("name", ["resnet20", "resnet20-gem", "resnet20-pad"])
def test_mnist_has_one_input_channel(name):
    """Section 2.2."""
    module = ghost(name, (1, 28, 28))
    assert prunable_layers(module)[0].size == 144
    assert layer_graph(module, (1, 28, 28)).output_shape == (10,)


def test_option_a_is_every_second_pixel_between_channels_of_zeros():
    module = filled("-pad")
    x = torch.rand(3, 16, 9, 12, generator=torch.Generator().manual_seed(1))
    expected = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 8, 8))
    assert torch.equal(module.blocks[1].shortcut(x), expected)
    assert isinstance(module.blocks[0].shortcut, nn.Identity)


def test_a_block_is_what_the_papers_say():
    module = filled("-gem")
    first, second = module.blocks[0], module.blocks[1]
    x = torch.rand(3, 16, 9, 12, generator=torch.Generator().manual_seed(1))

    def body(block):
        return block.bn2(block.conv2(torch.relu(block.bn1(block.conv1(x)))))

    torch.testing.assert_close(first(x), torch.relu(body(first) + x * first.shortcut.weight[:, None, None]))
    projected = second.shortcut[1](F.conv2d(x, second.shortcut[0].weight, stride=2))
    torch.testing.assert_close(second(x), torch.relu(body(second) + projected))
    assert second(x).shape == (3, 32, 5, 6)


def test_gem_trains_scales_and_leaves_shifts_at_zero():
    """Section 2.2: after the search, the weight of batch norm is trained, its bias stays 0."""
    spec = NetworkSpec(architecture="resnet20-gem", weight_init="signed-kaiming", bias_init="zeros")
    module = build(spec, SMALL, 4)
    initialise(module, spec, torch.Generator().manual_seed(0))
    frozen = [name for name, parameter in module.named_parameters() if not parameter.requires_grad]
    assert frozen == [name for name, _ in module.named_parameters() if name.endswith("bias")]
    assert len(frozen) == 21  # of as many batch norms
    before = capture(module)
    optimiser = torch.optim.SGD([p for p in module.parameters() if p.requires_grad], lr=0.1)
    F.cross_entropy(module(images(8)), torch.arange(8) % 4).backward()
    optimiser.step()
    after = capture(module)
    same = {name for name, _ in module.named_parameters() if torch.equal(before[name], after[name])}
    assert same == set(frozen)
    assert all(not bool(after[name].any()) for name in frozen)


def test_scales_begin_at_one_without_random_numbers():
    scale, generator = Scale(3), torch.Generator().manual_seed(4)
    with torch.no_grad():
        scale.weight.fill_(7)
    initialise(nn.Sequential(scale), NetworkSpec(), generator)
    assert scale.weight.tolist() == [1, 1, 1]
    assert torch.equal(generator.get_state(), torch.Generator().manual_seed(4).get_state())


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("density", [0.02, 0.3])
def test_compacted_networks_answer_the_same(variant, density):
    """Scales and padded channels included, with units dead before and after them."""
    module = filled(variant, seed=3)
    generator = torch.Generator().manual_seed(5)
    keep = {
        layer.name: torch.rand(layer.shape, generator=generator) < density
        for layer in prunable_layers(module)
        if layer.kind == "conv"
    }
    mask = Mask(keep)
    compacted = compact_network(module, SMALL, mask)
    state = capture(module)
    mask.apply_(state)
    module.load_state_dict(state)
    torch.testing.assert_close(compacted.module(images()), module(images()), rtol=1e-4, atol=1e-5)
    if density < 0.1:
        assert compacted.parameters < sum(parameter.numel() for parameter in module.parameters())


class Lonely(nn.Module):
    """Padding and scale whose channels are not added to anything: dead ones really go."""

    def __init__(self):
        super().__init__()
        self.first, self.scale = nn.Conv2d(2, 4, 3, padding=1, bias=False), Scale(4)
        self.pad, self.second = nn.ZeroPad3d((0, 0, 0, 0, 1, 2)), nn.Conv2d(7, 3, 3, padding=1)
        self.head = nn.Linear(3, 4)

    def forward(self, x):
        x = self.pad(torch.relu(self.scale(self.first(x))))
        return self.head(self.second(x).mean((2, 3)))


def test_dead_units_around_scale_and_padding_go():
    module = Lonely().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.rand(parameter.shape, generator=torch.Generator().manual_seed(2)) + 0.1)
        module.first.weight[1] = 0  # nothing comes in: constant
        module.second.weight[:, 1 + 3] = 0  # nothing asks for it
        expected = module(images())
    compacted = compact_network(module, SMALL)
    assert [(units.name, units.kept) for units in compacted.layers] == [("first", 2), ("second", 3), ("head", 4)]
    torch.testing.assert_close(compacted.module(images()), expected)
