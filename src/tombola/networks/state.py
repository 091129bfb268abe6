"""States: everything a network is at one moment, as plain CPU tensors; captured and restored bit for bit."""

import torch
from torch import Tensor, nn

from tombola.errors import TombolaError

State = dict[str, Tensor]
"""A complete, detached, contiguous CPU copy of ``module.state_dict()``: weights, biases, normalisation, counters."""


def capture(module: nn.Module) -> State:
    """Return a copy of everything a network holds; it shares no memory with the network.

    Raises
    ------
    TombolaError
        If the network keeps something in its state that is not a tensor.
    """
    return {
        name: value.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
        for name, value in _tensors(module).items()
    }


def restore(module: nn.Module, state: State) -> None:
    """Bring a network back to a state, in place, on whatever device it is.

    Every tensor is overwritten (rewinding is total); gradients are left alone. Nothing is written when anything does
    not fit.

    Raises
    ------
    TombolaError
        If a tensor is missing, too many, or of another shape or type.
    """
    current = _tensors(module)
    for name in current:
        if name not in state:
            raise TombolaError(f"the state lacks '{name}', which the network has; it belongs to another network")
    for name in state:
        if name not in current:
            raise TombolaError(f"the state holds '{name}', which the network lacks; it belongs to another network")
    for name, have in current.items():
        given = state[name]
        if have.shape != given.shape or have.dtype != given.dtype:
            raise TombolaError(
                f"'{name}' is {list(given.shape)} {given.dtype} in the state and "
                f"{list(have.shape)} {have.dtype} in the network; it belongs to another network"
            )
    with torch.no_grad():
        for name, value in current.items():
            value.copy_(state[name])


def _tensors(module: nn.Module) -> State:
    tensors: State = {}
    for name, value in module.state_dict().items():
        if not isinstance(value, Tensor):
            raise TombolaError(
                f"the network keeps '{name}', a {type(value).__name__}, in its state; only tensors can be kept"
            )
        tensors[name] = value
    return tensors
