"""Networks by name, and the one way to build them: without touching the global random state."""

from collections.abc import Callable

import torch
from torch import nn

from tombola.networks.plan import InputShape
from tombola.networks.plan_network import build_plan_network
from tombola.registry import Registry
from tombola.specs import NetworkSpec

Builder = Callable[[NetworkSpec, InputShape, int], nn.Module]
"""(spec, (channels, height, width), classes) -> network."""

networks: Registry[Builder] = Registry("network")
networks.register("plan")(build_plan_network)


def build(spec: NetworkSpec, input_shape: InputShape, classes: int, device: str | torch.device = "cpu") -> nn.Module:
    """Build a network; its weights mean nothing until `initialise` or `restore` fills them.

    Parameters
    ----------
    spec
        Architecture, plans, activation.
    input_shape
        Channels, height and width of one image.
    classes
        Number of outputs.
    device
        Where it goes; ``"meta"`` gives shapes without memory, for counting.

    Raises
    ------
    TombolaError
        If the architecture is unknown or its plan does not work out.
    """
    builder = networks[spec.architecture]
    target = torch.device(device)
    if target.type == "meta":
        with target:
            return builder(spec, input_shape, classes)
    with torch.random.fork_rng(devices=[]):
        # constructors draw throw-away weights: from a fixed state, so that nothing depends on what ran before
        torch.default_generator.manual_seed(0)
        return builder(spec, input_shape, classes).to(target)
