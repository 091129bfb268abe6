"""Parameters of a compiled network: one stretch with all survivors, biases and normalisation parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tombola.training.sparse.arena import Arena, padded
from tombola.training.sparse.layers import Layer, Unsupported


@dataclass(frozen=True)
class Parameter:
    """A parameter or a running statistic: where it lies, and which elements of its tensor it holds.

    Attributes
    ----------
    tensor
        The tensor in the module.
    address
        Where its values begin in the arena.
    positions
        Flat positions of survivors, in the order of the kernels; None for all.
    """

    tensor: Tensor
    address: int
    positions: NDArray[np.int64] | None = None

    @property
    def count(self) -> int:
        """Number of values in the arena."""
        return self.tensor.numel() if self.positions is None else len(self.positions)

    def read(self, arena: NDArray[np.float32]) -> None:
        """Copy the tensor's values into the arena; what is pruned is left behind."""
        values = self.tensor.detach().to(torch.float32).contiguous().view(-1).numpy()
        arena[self.address : self.address + self.count] = values if self.positions is None else values[self.positions]

    def write(self, arena: NDArray[np.float32]) -> None:
        """Copy the values back into the tensor; pruned weights become +0.0."""
        values = arena[self.address : self.address + self.count]
        if self.positions is not None:
            dense = np.zeros(self.tensor.numel(), np.float32)
            dense[self.positions] = values
            values = dense
        with torch.no_grad():
            self.tensor.copy_(torch.from_numpy(values.copy()).view(self.tensor.shape))

    def gathered(self, arena: NDArray[np.float32], distance: int) -> NDArray[np.float32]:
        """Return what lies at a distance from the values, for every element of the tensor; 0 where it is pruned."""
        values = arena[self.address + distance : self.address + distance + self.count]
        dense = np.zeros(self.tensor.numel(), np.float32)
        dense[slice(None) if self.positions is None else self.positions] = values
        return dense

    def scattered(self, dense: NDArray[np.float32], arena: NDArray[np.float32], distance: int) -> None:
        """Put such values, one for every element of the tensor, where `gathered` finds them."""
        values = dense if self.positions is None else dense[self.positions]
        arena[self.address + distance : self.address + distance + self.count] = values


class Parameters:
    """All parameters of a network, their gradients and the optimiser's state, in equal stretches.

    Parameters
    ----------
    arena
        Where they are reserved.
    layers
        The layers.
    mask
        Survivors by name of the weight.
    """

    def __init__(self, arena: Arena, layers: Sequence[Layer], mask: Mapping[str, Tensor]) -> None:
        self.by_name: dict[str, Parameter] = {}
        self.statistics: dict[str, Parameter] = {}
        self.counters: list[Tensor] = []
        self._begin = arena.size
        unknown = set(mask)
        for layer in layers:
            if layer.kind not in ("linear", "conv", "norm"):
                continue
            assert layer.module is not None
            for name, tensor in layer.module.named_parameters(recurse=False):
                full = f"{layer.name}.{name}" if layer.name else name
                positions = None
                if full in mask and name == "weight" and layer.kind != "norm":
                    positions = np.flatnonzero(mask[full].reshape(-1).numpy()).astype(np.int64)
                    unknown.discard(full)
                count = tensor.numel() if positions is None else len(positions)
                self.by_name[full] = Parameter(tensor, arena.reserve(count), positions)
        if unknown:
            raise Unsupported(
                f"the mask covers '{min(unknown)}', which is no weight of a linear or convolutional layer"
            )
        self.count = arena.size - self._begin
        self.begin = self._begin
        self.gradient = arena.reserve(self.count)
        self.first_state = arena.reserve(self.count)
        self.second_state = arena.reserve(self.count)
        for layer in layers:
            if layer.kind == "norm" and isinstance(layer.module, nn.Module):
                for name in ("running_mean", "running_var"):
                    buffer = layer.module.get_buffer(name)
                    self.statistics[f"{layer.name}.{name}"] = Parameter(buffer, arena.reserve(padded(buffer.numel())))
                if isinstance(counter := layer.module.num_batches_tracked, Tensor):
                    self.counters.append(counter)

    def address(self, layer: Layer, name: str) -> int:
        """Return where a layer's parameter lies, or -1 if it has none."""
        found = self.by_name.get(f"{layer.name}.{name}" if layer.name else name)
        return -1 if found is None else found.address

    def put_last(self, layer: Layer, name: str, live: NDArray[np.int64]) -> None:
        """Let the elements of a vector that are computed come first, in order, and then all others."""
        full = f"{layer.name}.{name}" if layer.name else name
        held = self.by_name[full]
        rest = np.setdiff1d(np.arange(held.tensor.numel()), live)
        self.by_name[full] = replace(held, positions=np.concatenate([live, rest]))

    def gradient_of(self, address: int) -> int:
        """Return where the gradient of the parameter at an address lies; -1 stays -1."""
        return address if address < 0 else address - self.begin + self.gradient
