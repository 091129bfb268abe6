"""ResNets for small images: three stages of 16, 32 and 64 channels, in three published variants."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.networks.plan import InputShape
from tombola.networks.scale import Scale
from tombola.specs import NetworkSpec

WIDTHS = (16, 32, 64)
DEPTHS = (20, 32, 44, 56)

Shortcut = Callable[[int, int, int], nn.Module]
"""(input channels, output channels, stride) -> what stands beside the convolutions of a block."""


@dataclass(frozen=True)
class Variant:
    """What published residual networks of one depth differ in.

    Attributes
    ----------
    shortcut
        Makes the shortcuts.
    head_bias
        Whether the output layer has a bias.
    shift
        Whether batch norm learns its shift; else that stays 0, as ``requires_grad`` of it is off.
    """

    shortcut: Shortcut
    head_bias: bool = True
    shift: bool = True


def projection(inputs: int, outputs: int, stride: int) -> nn.Module:
    """Return a 1x1 convolution with batch norm where the shape changes, else nothing."""
    if inputs == outputs and stride == 1:
        return nn.Identity()
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


def scaled_projection(inputs: int, outputs: int, stride: int) -> nn.Module:
    """Return a 1x1 convolution with batch norm where the shape changes, else a trained factor per channel."""
    same = inputs == outputs and stride == 1
    return Scale(outputs) if same else projection(inputs, outputs, stride)


def padding(inputs: int, outputs: int, stride: int) -> nn.Module:
    """Return every second pixel with channels of zeros around, without parameters (He et al. 2016, option A)."""
    if inputs == outputs and stride == 1:
        return nn.Identity()
    extra = outputs - inputs
    # an average over one pixel is that pixel; the last dimension but two of (n, c, h, w) is that of the channels
    return nn.Sequential(nn.AvgPool2d(1, stride), nn.ZeroPad3d((0, 0, 0, 0, extra // 2, extra - extra // 2)))


VARIANTS = {
    "": Variant(projection),
    "-gem": Variant(scaled_projection, head_bias=False, shift=False),
    "-pad": Variant(padding),
}
"""Suffix of the name -> variant: as in OpenLTH (and the SynFlow family), as in Gem-Miner, as in He et al."""


class Block(nn.Module):
    """Two 3x3 convolutions with batch norm, beside a shortcut.

    Parameters
    ----------
    inputs, outputs
        Channels.
    stride
        Of the first convolution.
    shortcut
        Makes the shortcut.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, shortcut: Shortcut) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = shortcut(inputs, outputs, stride)

    def forward(self, maps: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d y x"]:
        """Return the maps of the next block."""
        x = torch.relu(self.bn1(self.conv1(maps)))
        return torch.relu(self.bn2(self.conv2(x)) + self.shortcut(maps))


class ResNet(nn.Module):
    """A residual network for small images (He et al. 2016, section 4.2; sparse-analysis reference, section 2.2).

    A 3x3 convolution with batch norm, three stages of (depth - 2) / 6 blocks, the average of the whole map, a linear
    layer. The first blocks of the second and third stage halve the map. State names are those of OpenLTH.

    Parameters
    ----------
    depth
        Layers with weights, shortcuts not counted: 6n + 2.
    input_shape
        Channels, height and width.
    classes
        Outputs.
    variant
        Shortcuts and the like.

    Raises
    ------
    TombolaError
        If the depth does not divide into blocks.
    """

    def __init__(self, depth: int, input_shape: InputShape, classes: int, variant: Variant) -> None:
        super().__init__()
        if depth < 8 or depth % 6 != 2:
            raise TombolaError(f"a ResNet of depth {depth} does not divide into blocks; take 6n + 2 layers (20, 32)")
        channels, height, width = input_shape
        if min(*input_shape, classes) < 1:
            raise TombolaError(
                f"a network needs at least one channel, pixel and class; got {input_shape} and {classes} classes"
            )
        self.conv = nn.Conv2d(channels, WIDTHS[0], 3, 1, 1, bias=False)
        self.bn = nn.BatchNorm2d(WIDTHS[0])
        blocks, before = [], WIDTHS[0]
        for stage, after in enumerate(WIDTHS):
            for number in range((depth - 2) // 6):
                stride = 2 if stage and not number else 1
                height, width = -(-height // stride), -(-width // stride)
                blocks.append(Block(before, after, stride, variant.shortcut))
                before = after
        self.blocks = nn.Sequential(*blocks)
        self.pool = nn.AvgPool2d((height, width))
        self.fc = nn.Linear(before, classes, bias=variant.head_bias)
        if not variant.shift:
            for part in self.modules():
                if isinstance(part, nn.BatchNorm2d):
                    part.bias.requires_grad_(False)

    def forward(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n classes"]:
        """Return logits."""
        maps = self.blocks(torch.relu(self.bn(self.conv(images))))
        return self.fc(self.pool(maps).flatten(1))  # type: ignore[no-any-return]


def build_resnet(spec: NetworkSpec, input_shape: InputShape, classes: int, *, depth: int, variant: str) -> nn.Module:
    """Return a residual network (registered as ``"resnet20"``, ``"resnet20-gem"``, ``"resnet20-pad"``, ...).

    Of ``-gem``, the published prunable set leaves projections out: ``prunable: [all, "!*shortcut*"]``. While masks are
    searched, everything but the scores is frozen, which is up to the search; afterwards factors of the shortcuts and
    scales of batch norm are trained, and its shifts stay 0.
    """
    return ResNet(depth, input_shape, classes, VARIANTS[variant])
