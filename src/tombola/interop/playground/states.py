"""Networks of the playground framework: its state dicts, in the names of ours."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from tombola.errors import TombolaError
from tombola.interop.restricted import LIMIT, is_state_dict, read_torch
from tombola.networks import State, build, prunable_layers
from tombola.networks.state import odd_name
from tombola.pruning import Mask
from tombola.specs import NetworkSpec

PARTS = {"conv": "conv", "linear": "fc", "output": "out"}
"""How the framework calls the parts of a network, by our names."""

ORIGINAL, INITIAL, MASK = "weight_orig", "weight_init", "weight_mask"


@dataclass(frozen=True)
class StoredNetwork:
    """One network as the framework stored it.

    Attributes
    ----------
    mask
        Which weights remain.
    state
        The effective state: pruned weights exactly +0.0.
    initial
        The initial weights of every prunable layer, complete, also where they are masked. Initial biases and
        normalisation were never stored.
    untouched
        Whether the stored weights equal the initial ones wherever they are masked, as they should.
    """

    mask: Mask
    state: State
    initial: dict[str, Float[Tensor, "..."]]
    untouched: bool


class MisfitError(ValueError):
    """A state that does not fit the description; the text continues a sentence that begins with the file's path."""


def expected_shapes(
    network: NetworkSpec, input_shape: tuple[int, int, int], classes: int
) -> dict[str, tuple[int, ...]]:
    """Return the framework's names and shapes for a network of ours, in its order of layers."""
    module = build(network, input_shape, classes, device="meta")
    prunable = {layer.name for layer in prunable_layers(module)}
    shapes: dict[str, tuple[int, ...]] = {}
    for name, value in module.state_dict().items():
        for legacy in (ORIGINAL, INITIAL, MASK) if name in prunable else (name.rpartition(".")[2],):
            shapes[f"{_legacy(name.rpartition('.')[0])}.{legacy}"] = tuple(value.shape)
    return shapes


def translated(stored: Any, network: NetworkSpec, input_shape: tuple[int, int, int], classes: int) -> StoredNetwork:
    """Return a network in our names, checked against its description.

    Raises
    ------
    MisfitError
        If names, shapes or types are not those of the described network, or a mask is not of zeros and ones.
    """
    shapes = expected_shapes(network, input_shape, classes)
    if not is_state_dict(stored):
        raise MisfitError("holds no state dict")
    if odd := odd_name(shapes, stored):
        what, name = odd
        raise MisfitError(f"{what} '{name}', unlike the network that is described")
    for name, shape in shapes.items():
        wanted = torch.int64 if name.endswith("num_batches_tracked") else torch.float32
        if tuple(stored[name].shape) != shape or stored[name].dtype != wanted:
            kind = str(stored[name].dtype).removeprefix("torch.")
            raise MisfitError(
                f"holds '{name}' of shape {list(stored[name].shape)} ({kind}) where {list(shape)} is described"
            )
    keep, state, initial, untouched = {}, {}, {}, True
    module = build(network, input_shape, classes, device="meta")
    prunable = {layer.name for layer in prunable_layers(module)}
    for name in module.state_dict():
        prefix, _, kind = name.rpartition(".")
        legacy = _legacy(prefix)
        if name not in prunable:
            state[name] = stored[f"{legacy}.{kind}"]
            continue
        mask, original = stored[f"{legacy}.{MASK}"], stored[f"{legacy}.{ORIGINAL}"]
        if not bool(((mask == 0) | (mask == 1)).all()):
            raise MisfitError(f"holds a mask ('{legacy}.{MASK}') of other values than 0 and 1")
        initial[name], keep[name] = stored[f"{legacy}.{INITIAL}"], mask == 1
        untouched &= torch.equal(original[~keep[name]], initial[name][~keep[name]])
        state[name] = torch.where(keep[name], original, 0.0)
    return StoredNetwork(Mask(keep), state, initial, untouched)


def unknown_initial(network: NetworkSpec, input_shape: tuple[int, int, int], classes: int) -> list[str]:
    """Return the tensors of ours whose initial values the framework never stored: biases and normalisation."""
    module = build(network, input_shape, classes, device="meta")
    return sorted(module.state_dict().keys() - {layer.name for layer in prunable_layers(module)})


def _legacy(prefix: str) -> str:
    part, dot, rest = prefix.partition(".")
    return f"{PARTS[part]}{dot}{rest}"


def load_net(path: str | Path, *, limit: int = LIMIT) -> dict[str, Tensor]:
    """Return the state dict in a ``-net<n>.pth`` file, in the framework's own names, on the CPU.

    Raises
    ------
    TombolaError
        One sentence, if it is damaged, or holds anything else.
    """
    stored = read_torch(path, limit=limit)
    if not is_state_dict(stored):
        raise TombolaError(f"{path} holds no state dict (a mapping of names to tensors)")
    return dict(stored)
