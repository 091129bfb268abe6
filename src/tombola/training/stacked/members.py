"""The networks of one stack, seen one by one: their tensors, their states, the best of them so far."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from tombola.networks.state import State
from tombola.pruning import Mask
from tombola.training.hold import BITS, Hold

Tensors = dict[str, Tensor]
Masked = tuple[nn.Parameter, Tensor, Tensor | None]
"""A weight, which of it remains, and the values of the rest, 0 where it remains; None where all of them are zero."""


def state_of(module: nn.Module, tensors: Mapping[str, Tensor]) -> State:
    """Return the state of a member: its tensors of the stack, and of its module what the stack leaves alone."""
    return {
        name: tensors.get(name, own).detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
        for name, own in module.state_dict().items()
    }


def overwrite(targets: Sequence[Tensors], sources: Sequence[Tensors]) -> None:
    """Copy the tensors of members, all at once, on their device."""
    pairs = [
        (target[name], source[name])
        for target, source in zip(targets, sources, strict=True)
        for name in target
        if target[name].numel()
    ]
    if pairs:
        with torch.no_grad():
            torch._foreach_copy_([target for target, _ in pairs], [source for _, source in pairs])


class Best:
    """The state of every member at its early stop so far, kept on the device and written over at improvement."""

    def __init__(self, members: Sequence[Tensors]) -> None:
        self._members = members
        self._kept = [{name: torch.empty_like(tensor) for name, tensor in member.items()} for member in members]
        self.found: set[int] = set()
        """Members that have one."""

    def keep(self, improved: Sequence[int]) -> None:
        """Keep the present state of some members."""
        overwrite([self._kept[member] for member in improved], [self._members[member] for member in improved])
        self.found.update(improved)

    def recall(self, members: Sequence[int]) -> None:
        """Put some members into their kept state."""
        overwrite([self._members[member] for member in members], [self._kept[member] for member in members])

    def tensors(self, member: int) -> Tensors:
        """Return the kept tensors of a member."""
        return self._kept[member]


class StackedHold(Hold):
    """Masks laid over the weights of a stack, however they are laid out.

    Parameters
    ----------
    weights
        What the optimiser updates, each with what remains of it and what the rest is held at, of its shape.
    """

    def __init__(self, weights: Sequence[Masked]) -> None:
        self._held, self._values = [], []
        for weight, keep, values in weights:
            bits = torch.empty_like(weight, dtype=BITS[weight.element_size()], requires_grad=False)
            self._held.append((weight, bits.copy_(keep).neg_(), bits.dtype))
            if values is not None:
                whole = torch.empty_like(weight, requires_grad=False).copy_(values)
                self._values.append((weight, whole.view(bits.dtype)))


def kept_part(mask: Mask | None, name: str, weight: Tensor) -> Tensor | None:
    """Return what remains of a weight, or None if all of it does."""
    if mask is None or name not in mask:
        return None
    keep = mask[name]
    return None if bool(keep.all()) else keep


def held_part(mask: Mask | None, name: str, weight: Tensor) -> Tensor | None:
    """Return the values that a weight is held at, 0 where it remains; None if all of them are zero."""
    values = {} if mask is None else mask.held
    if mask is None or name not in values:
        return None
    whole = torch.zeros(weight.shape, dtype=weight.dtype)
    whole[~mask[name]] = values[name].to(weight.dtype)
    return whole
