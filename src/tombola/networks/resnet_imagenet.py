"""ResNet-18 and ResNet-50 as made for ImageNet (He et al. 2016), with the customary names of their tensors."""

from collections import OrderedDict

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tombola.networks.plan import InputShape
from tombola.specs import NetworkSpec

STEM = 64
WIDTHS = (64, 128, 256, 512)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with batch norm, beside a shortcut.

    Parameters
    ----------
    inputs, width
        Channels that come in, and of the convolutions.
    stride
        Of the first convolution.
    """

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = shortcut(inputs, width, stride)

    def forward(self, maps: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d y x"]:
        """Return the maps of the next block."""
        x = torch.relu(self.bn1(self.conv1(maps)))
        return torch.relu(self.bn2(self.conv2(x)) + self.downsample(maps))


class Bottleneck(nn.Module):
    """A 3x3 convolution between two 1x1 ones, the last four times as wide, beside a shortcut.

    The stride is that of the 3x3 convolution, as in the weights that are around.

    Parameters
    ----------
    inputs, width
        Channels that come in, and of the 3x3 convolution.
    stride
        Of the 3x3 convolution.
    """

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = width * self.expansion
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = shortcut(inputs, outputs, stride)

    def forward(self, maps: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d y x"]:
        """Return the maps of the next block."""
        x = torch.relu(self.bn1(self.conv1(maps)))
        x = torch.relu(self.bn2(self.conv2(x)))
        return torch.relu(self.bn3(self.conv3(x)) + self.downsample(maps))


Block = type[BasicBlock] | type[Bottleneck]

LAYOUTS: dict[str, tuple[Block, tuple[int, ...]]] = {
    "resnet18-imagenet": (BasicBlock, (2, 2, 2, 2)),
    "resnet50-imagenet": (Bottleneck, (3, 4, 6, 3)),
}
"""Name -> kind of block, and how many of them each stage has."""


def shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    """Return a 1x1 convolution with batch norm where the shape changes, else nothing."""
    if inputs == outputs and stride == 1:
        return nn.Identity()
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


class ImageNetResNet(nn.Module):
    """A residual network with a 7x7 stem, max pooling, four stages, the average of the whole map, a linear layer.

    Parameters
    ----------
    block
        Kind of block.
    counts
        Blocks of each stage.
    channels
        Of images.
    classes
        Outputs.
    """

    def __init__(self, block: Block, counts: tuple[int, ...], channels: int, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, STEM, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(STEM)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        before, stages = STEM, []
        for stage, (width, count) in enumerate(zip(WIDTHS, counts, strict=True)):
            blocks = []
            for number in range(count):
                blocks.append(block(before, width, 2 if stage and not number else 1))
                before = width * block.expansion
            stages.append(nn.Sequential(OrderedDict((str(number), made) for number, made in enumerate(blocks))))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(before, classes)

    def forward(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n classes"]:
        """Return logits."""
        maps = self.maxpool(torch.relu(self.bn1(self.conv1(images))))
        maps = self.layer4(self.layer3(self.layer2(self.layer1(maps))))
        return self.fc(self.avgpool(maps).flatten(1))  # type: ignore[no-any-return]


def build_imagenet_resnet(spec: NetworkSpec, input_shape: InputShape, classes: int) -> nn.Module:
    """Return ``"resnet18-imagenet"`` or ``"resnet50-imagenet"``; plans of a spec do not count.

    With three channels and 1,000 classes they have 11,689,512 and 25,557,032 parameters. Names of tensors are the
    customary ones (``conv1.weight``, ``layer1.0.bn1.bias``, ``fc.weight``), so that such weights load as they are.
    """
    block, counts = LAYOUTS[spec.architecture]
    return ImageNetResNet(block, counts, input_shape[0], classes)
