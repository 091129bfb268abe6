"""Networks with a fixed plan: the fully connected network of the pruning literature, and VGG.

What a spec says about plans (its own layers, activation, biases, dropout) does not count for them.
"""

from typing import Any

from torch import nn

from tombola.errors import TombolaError
from tombola.networks.plan import InputShape
from tombola.networks.plan_network import build_plan_network
from tombola.specs import NetworkSpec

HIDDEN = ("100",) * 5
SMALL = ("16", "16", "M", "32", "32", "M", "64", "64", "G")

STAGES = {
    "vgg11": ("64", "M", "128", "M", "256", "256", "M", "512", "512", "M", "512", "512"),
    "vgg16": (*("64",) * 2, "M", *("128",) * 2, "M", *("256",) * 3, "M", *("512",) * 3, "M", *("512",) * 3),
    "vgg19": (*("64",) * 2, "M", *("128",) * 2, "M", *("256",) * 4, "M", *("512",) * 4, "M", *("512",) * 4),
}
"""Convolutions of the configurations A, D and E of Simonyan & Zisserman 2015, without what follows the last one."""


def build_fc(spec: NetworkSpec, input_shape: InputShape, classes: int) -> nn.Module:
    """Return five hidden layers of 100 rectified units, with biases on them and none on the output (``"fc"``).

    This is the network of the SynFlow and random families; on MNIST it has 119,400 prunable weights (sparse-analysis
    reference, section 2.1). Its weights and biases there begin as ``uniform-fan-in``.
    """
    return _planned(spec, input_shape, classes, linear=HIDDEN, bias="hidden")


def build_fc_gem(spec: NetworkSpec, input_shape: InputShape, classes: int) -> nn.Module:
    """Return the same layers without any bias, as Gem-Miner has them (``"fc-gem"``).

    The published network ends in a log-softmax and feeds that to the cross-entropy, which takes another one. The
    second changes nothing (its input sums to 1 as probabilities already), so logits give the same losses, gradients
    and answers. Its weights there begin as ``signed-kaiming``: ±0.0505 in the first layer, ±0.1414 in the others.
    """
    return _planned(spec, input_shape, classes, linear=HIDDEN, bias="none")


def build_vgg(spec: NetworkSpec, input_shape: InputShape, classes: int) -> nn.Module:
    """Return a VGG for small images (``"vgg11"``, ``"vgg16"``, ``"vgg19"``), as in OpenLTH and Synaptic-Flow.

    Batch norm follows every convolution, which keeps its bias; the average of the last map, 512 numbers, goes to the
    one linear layer.
    """
    conv = [token if token == "M" else f"{token}B" for token in STAGES[spec.architecture]]
    return _planned(spec, input_shape, classes, conv=(*conv, "G"))


def build_vgg16_imagenet(spec: NetworkSpec, input_shape: InputShape, classes: int) -> nn.Module:
    """Return VGG-16 as made for ImageNet (``"vgg16-imagenet"``; Simonyan & Zisserman 2015, configuration D).

    No batch norm; averages over a 7x7 grid; two hidden linear layers of 4096 units with dropout. With three channels
    and ten classes it has 134,301,514 parameters (explainability reference, section 1).
    """
    conv, linear = (*STAGES["vgg16"], "M", "P7"), ("4096", "4096")
    return _planned(spec, input_shape, classes, conv=conv, linear=linear, dropout=0.5)


def build_vgg_small(spec: NetworkSpec, input_shape: InputShape, classes: int) -> nn.Module:
    """Return a VGG of six narrow convolutions for a CPU (``"vgg-small"``): 16, 16, M, 32, 32, M, 64, 64, no batch norm.

    Two poolings leave maps of a quarter of the image's side, fine enough to see where a network looks; the average of
    the last map goes to the linear layer.
    """
    return _planned(spec, input_shape, classes, conv=SMALL)


def _planned(spec: NetworkSpec, input_shape: InputShape, classes: int, **plan: Any) -> nn.Module:
    halvings = plan.get("conv", ()).count("M")
    if min(input_shape[1:]) < 2**halvings:
        raise TombolaError(
            f"network.architecture = '{spec.architecture}' halves its maps {halvings} times, so it needs images of at "
            f"least {2**halvings} pixels a side; these have {input_shape[1]}x{input_shape[2]}"
        )
    return build_plan_network(NetworkSpec(activation="relu", **plan), input_shape, classes)
