"""States: everything a network is at one moment, as plain CPU tensors; captured and restored bit for bit."""

from collections.abc import Collection
from typing import Literal

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
    if odd := odd_name(current, state):
        what, name = odd
        has = "has" if what == "lacks" else "lacks"
        raise TombolaError(f"the state {what} '{name}', which the network {has}; it belongs to another network")
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


def odd_name(wanted: Collection[str], given: Collection[str]) -> tuple[Literal["lacks", "holds"], str] | None:
    """Return the first name that is missing, or else too many, in a fixed order; None where names are the wanted ones.

    Examples
    --------
    >>> odd_name(["a", "b"], ["a", "c"]), odd_name(["a"], ["a", "c"]), odd_name(["a"], ["a"])
    (('lacks', 'b'), ('holds', 'c'), None)
    """
    missing = next((name for name in wanted if name not in given), None)
    if missing is not None:
        return "lacks", missing
    return next((("holds", name) for name in given if name not in wanted), None)


def _tensors(module: nn.Module) -> State:
    tensors: State = {}
    for name, value in module.state_dict().items():
        if not isinstance(value, Tensor):
            raise TombolaError(
                f"the network keeps '{name}', a {type(value).__name__}, in its state; only tensors can be kept"
            )
        tensors[name] = value
    return tensors
