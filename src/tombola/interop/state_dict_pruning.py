"""The keys of ``torch.nn.utils.prune``: ``weight_orig`` and ``weight_mask`` in place of ``weight``."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from tombola.errors import TombolaError
from tombola.networks.state import State
from tombola.pruning import Mask

ORIGINAL, MASK = "_orig", "_mask"


def join_pruned(state: State, mask: Mask) -> State:
    """Return a state as a module holds it after ``torch.nn.utils.prune``, in the order in which that writes it.

    Every weight that the mask covers becomes ``<name>_orig`` and ``<name>_mask``, a mask of zeros and ones in the
    weight's own type. Within a module, what is not pruned comes first, then the originals, then the masks.

    Raises
    ------
    TombolaError
        If the mask covers what the state lacks or another shape of it, or holds pruned weights at other values than
        zero: to torch, the mask is a factor.
    """
    if mask.held:
        raise TombolaError(
            f"the pruned weights of '{next(iter(mask.held))}' are held at other values than zero, which the masks of "
            "torch.nn.utils.prune, factors of 0 and 1, cannot say; write them plain, or as safetensors"
        )
    for name, keep in mask.items():
        if name not in state or state[name].shape != keep.shape:
            there = f"is {list(state[name].shape)} there" if name in state else "is missing there"
            raise TombolaError(f"the mask covers '{name}', {list(keep.shape)}, which {there}; it is of another network")
    joined: State = {}
    for names in _by_module(state):
        pruned = [name for name in names if name in mask]
        joined |= {name: state[name] for name in names if name not in mask}
        joined |= {f"{name}{ORIGINAL}": state[name] for name in pruned}
        joined |= {f"{name}{MASK}": mask[name].to(state[name].dtype) for name in pruned}
    return joined


def split_pruned(tensors: Mapping[str, Tensor], source: object) -> tuple[State, Mask | None]:
    """Return weights and mask of a state dict, whether ``torch.nn.utils.prune`` had a hand in it or not.

    Survivors keep their bits; pruned weights become +0.0, whatever the file holds under the mask. A file without such
    keys has no mask (None): zeros in it are weights like others.

    Parameters
    ----------
    tensors
        The state dict.
    source
        Where it comes from, for errors.

    Raises
    ------
    TombolaError
        If one of a pair is missing, their shapes differ, or a mask holds anything but zeros and ones.
    """
    pruned = {name.removesuffix(ORIGINAL) for name in tensors if name.endswith(ORIGINAL)}
    pruned |= {name.removesuffix(MASK) for name in tensors if name.endswith(MASK)}
    state: State = {}
    keep: State = {}
    for key in tensors:
        name = key.removesuffix(ORIGINAL).removesuffix(MASK) if key.endswith((ORIGINAL, MASK)) else key
        if name in pruned and name not in state:
            state[name], keep[name] = _pair(tensors, name, source)
        elif name not in pruned:
            state[name] = tensors[key]
    return state, Mask(keep) if keep else None


def _pair(tensors: Mapping[str, Tensor], name: str, source: object) -> tuple[Tensor, Tensor]:
    for suffix, other in ((ORIGINAL, MASK), (MASK, ORIGINAL)):
        if f"{name}{suffix}" not in tensors:
            raise TombolaError(f"{source} has '{name}{other}' and no '{name}{suffix}'; one is no use without the other")
    if name in tensors:
        raise TombolaError(f"{source} has both '{name}' and '{name}{ORIGINAL}'; it cannot say which of them counts")
    weight, values = tensors[f"{name}{ORIGINAL}"], tensors[f"{name}{MASK}"]
    if weight.shape != values.shape:
        raise TombolaError(
            f"{source}: '{name}{MASK}' is {list(values.shape)} and '{name}{ORIGINAL}' {list(weight.shape)}; "
            "a mask must be shaped like its weight"
        )
    keep = values != 0
    if not torch.equal(keep.to(values.dtype), values):
        raise TombolaError(f"{source}: '{name}{MASK}' holds values other than 0 and 1, so it is no mask")
    return torch.where(keep, weight, torch.zeros((), dtype=weight.dtype)), keep


def _by_module(state: State) -> Iterator[list[str]]:
    """Yield the names of each module's own tensors, in order."""
    modules: dict[str, list[str]] = {}
    for name in state:
        modules.setdefault(name.rpartition(".")[0], []).append(name)
    yield from modules.values()
