"""Networks by name, and the one way to build them: without touching the global random state."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

import torch
from torch import nn

from tombola.networks.factory import FACTORY, build_from_factory
from tombola.networks.fixed import STAGES, build_fc, build_fc_gem, build_vgg, build_vgg16_imagenet, build_vgg_small
from tombola.networks.plan import InputShape
from tombola.networks.plan_network import build_plan_network
from tombola.networks.resnet import DEPTHS, VARIANTS, build_resnet
from tombola.networks.resnet_imagenet import LAYOUTS, build_imagenet_resnet
from tombola.networks.vit import build_vit
from tombola.registry import Registry
from tombola.specs import NetworkSpec

Builder = Callable[[NetworkSpec, InputShape, int], nn.Module]
"""(spec, (channels, height, width), classes) -> network."""

networks: Registry[Builder] = Registry("network")
networks.register("plan")(build_plan_network)
networks.register(FACTORY)(build_from_factory)
networks.register("fc")(build_fc)
networks.register("fc-gem")(build_fc_gem)
for _name in STAGES:
    networks.register(_name)(build_vgg)
networks.register("vgg16-imagenet")(build_vgg16_imagenet)
networks.register("vgg-small")(build_vgg_small)
networks.register("vit-tiny")(build_vit)
for _name in LAYOUTS:
    networks.register(_name)(build_imagenet_resnet)
for _depth in DEPTHS:
    for _variant in VARIANTS:
        networks.register(f"resnet{_depth}{_variant}")(partial(build_resnet, depth=_depth, variant=_variant))


def build(spec: NetworkSpec, input_shape: InputShape, classes: int, device: str | torch.device = "cpu") -> nn.Module:
    """Build a network; its weights mean nothing until `initialise` or `restore` fills them.

    Parameters
    ----------
    spec
        Architecture or factory, plans, activation.
    input_shape
        Channels, height and width of one image.
    classes
        Number of outputs.
    device
        Where it goes; ``"meta"`` gives shapes without memory, for counting.

    Raises
    ------
    TombolaError
        If the architecture is unknown, its plan does not work out, or a factory does not make such a network.
    """
    builder = networks[spec.architecture]
    target = torch.device(device)
    with torch.random.fork_rng(devices=[]):
        # constructors draw throw-away weights: from a fixed state, so that nothing depends on what ran before
        torch.default_generator.manual_seed(0)
        with target if target.type == "meta" else nullcontext():
            module = builder(spec, input_shape, classes)
        return module.to(target)
