"""Writing a mask into weights: exact values where pruned, the same bits everywhere else."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.networks import State


def write_pruned(
    keep: Mapping[str, Bool[Tensor, "..."]],
    held: Mapping[str, Float[Tensor, " pruned"]],
    target: nn.Module | State,
) -> None:
    """Write its held value, or else +0.0, to every pruned weight of a network or a state, in place.

    Parameters
    ----------
    keep
        Name -> which weights remain.
    held
        Name -> values of the pruned weights in flat order, where they are not zero.
    target
        What is written to.

    Raises
    ------
    TombolaError
        If a layer is missing or shaped differently; nothing is written then.
    """
    weights: Mapping[str, Tensor] = dict(target.named_parameters()) if isinstance(target, nn.Module) else target
    for name, tensor in keep.items():
        if name not in weights:
            raise TombolaError(f"the mask covers '{name}', which the network lacks; it belongs to another network")
        if weights[name].shape != tensor.shape:
            shape, here = list(tensor.shape), list(weights[name].shape)
            raise TombolaError(
                f"the mask of '{name}' is shaped {shape}, the weight {here}; it belongs to another network"
            )
    with torch.no_grad():
        for name, tensor in keep.items():
            weight = weights[name]
            gone = ~tensor.to(weight.device)
            weight.masked_fill_(gone, 0.0)
            if name in held:
                weight[gone] = held[name].to(weight)


def pruned_values(name: str, keep: Bool[Tensor, "..."], weight: Float[Tensor, "..."]) -> Float[Tensor, " pruned"]:
    """Return a copy of the values that pruned weights have, in flat order.

    Raises
    ------
    TombolaError
        If the weight is shaped differently.
    """
    if weight.shape != keep.shape:
        raise TombolaError(
            f"the mask of '{name}' is shaped {list(keep.shape)}, the weight whose values it is to hold "
            f"{list(weight.shape)}; it belongs to another network"
        )
    return weight.detach().to("cpu")[~keep]
