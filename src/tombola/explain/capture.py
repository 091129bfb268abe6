"""Looking into a network without leaving a trace: hooks, modes, flags and random state are back when a context ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.training.placement import eval_mode, products

CALL = "@"
"""Between a module's name and the number of its call, for modules that are called several times in one pass."""


@contextmanager
def undisturbed(module: nn.Module, device: torch.device) -> Iterator[None]:
    """Put a network into evaluation mode with frozen parameters; modes, flags and random state come back at the end.

    Frozen parameters keep the graph of a pass from starting before the tensor that is asked about. Products are exact
    (no TF32), so that a map does not depend on the batch it is computed in.
    """
    flags = [(parameter, parameter.requires_grad) for parameter in module.parameters()]
    devices = [device] if device.type == "cuda" else []
    with (
        eval_mode(module),
        torch.random.fork_rng(devices=devices),
        torch.inference_mode(False),
        torch.no_grad(),
        products(device, "fp32"),
    ):
        try:
            for parameter, _ in flags:
                parameter.requires_grad_(False)
            yield
        finally:
            for parameter, flag in flags:
                parameter.requires_grad_(flag)


@dataclass
class Captured:
    """What a layer gave in the last pass.

    Attributes
    ----------
    value
        Its output, as a tensor of its own that gradients can be taken with respect to; None before a pass.
    calls
        How often the layer was called.
    """

    value: Tensor | None = None
    calls: int = 0

    def maps(self, layer: str) -> Float[Tensor, "n k y x"]:
        """Return the value, checked to be maps.

        Raises
        ------
        TombolaError
            If the layer was not called, or gives no maps.
        """
        if self.value is None:
            raise TombolaError(f"layer '{layer}' is not called in this pass; choose another layer")
        if self.value.dim() != 4:
            raise TombolaError(f"layer '{layer}' {not_maps(tuple(self.value.shape))}")
        return self.value


@contextmanager
def captured(module: nn.Module, layer: str) -> Iterator[Captured]:
    """Capture a layer's output in the passes made inside; no hook is left, whatever happens.

    The rest of the network is given a copy, so that an activation that works in place does not write into what was
    captured, and the graph begins at the captured tensor.

    Parameters
    ----------
    module
        The network.
    layer
        A module's name: its last call; or ``name@k``: its k-th call.
    """
    name, _, number = layer.partition(CALL)
    found = Captured()

    def keep(_: nn.Module, __: tuple[object, ...], output: object) -> Tensor | None:
        found.calls += 1
        if (number and found.calls != int(number)) or not isinstance(output, Tensor):
            return None
        with torch.enable_grad():
            found.value = output.detach().clone().requires_grad_(output.is_floating_point())
            return found.value.clone()

    handle = module.get_submodule(name).register_forward_hook(keep)
    try:
        yield found
    finally:
        handle.remove()


def not_maps(shape: tuple[int, ...]) -> str:
    """Return why an output of this shape cannot be shown on an image."""
    return (
        f"gives {list(shape)}, not maps (images, channels, height, width); choose a convolution, a pooling, or an "
        "activation between them"
    )
