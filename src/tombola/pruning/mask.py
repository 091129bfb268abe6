"""The mask: which weights remain. The single source of truth for density."""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

import torch
from jaxtyping import Bool, UInt8
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.networks import PrunableLayer, State
from tombola.pruning.packing import pack_bits, unpack_bits


class Mask(Mapping[str, Tensor]):
    """Which prunable weights remain: parameter name -> bool tensor (True: kept), on the CPU.

    A mask never changes: it keeps its own copy of what it is made from, and hands out copies. Natural zeros among the
    weights are not pruned; only the mask says what is.

    Parameters
    ----------
    keep
        Parameter name -> bool tensor, shaped like the weight.

    Raises
    ------
    TombolaError
        If a tensor is not of type bool.

    Examples
    --------
    >>> mask = Mask({"output.weight": torch.tensor([[True, False], [True, True]])})
    >>> mask.density, mask.remaining()
    (0.75, {'output.weight': 3})
    """

    def __init__(self, keep: Mapping[str, Bool[Tensor, "..."]]) -> None:
        for name, tensor in keep.items():
            if tensor.dtype != torch.bool:
                raise TombolaError(f"the mask of '{name}' is of type {tensor.dtype}; a mask must be of type bool")
        self._keep = {
            name: tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
            for name, tensor in keep.items()
        }
        self._remaining = {name: int(torch.count_nonzero(tensor)) for name, tensor in self._keep.items()}

    @classmethod
    def dense(cls, layers: Iterable[PrunableLayer]) -> "Mask":
        """Return the mask that keeps everything."""
        return cls({layer.name: torch.ones(layer.shape, dtype=torch.bool) for layer in layers})

    @classmethod
    def unpack(cls, packed: Mapping[str, UInt8[Tensor, " bytes"]], shapes: Mapping[str, Sequence[int]]) -> "Mask":
        """Return the mask that `pack` made bits of.

        Parameters
        ----------
        packed
            Name -> bytes, as from `pack`.
        shapes
            Name -> shape; gives the order of layers.

        Raises
        ------
        TombolaError
            If names or lengths do not fit.
        """
        if packed.keys() != shapes.keys():
            raise TombolaError(f"a packed mask of {sorted(packed)} does not fit the shapes of {sorted(shapes)}")
        return cls({name: unpack_bits(name, packed[name], tuple(shape)) for name, shape in shapes.items()})

    def pack(self) -> dict[str, UInt8[Tensor, " bytes"]]:
        """Return the bits of each layer in flat order, most significant first, zero-padded to whole bytes."""
        return {name: pack_bits(tensor) for name, tensor in self._keep.items()}

    def __getitem__(self, name: str) -> Bool[Tensor, "..."]:
        return self._keep[name].clone()

    def __iter__(self) -> Iterator[str]:
        return iter(self._keep)

    def __len__(self) -> int:
        return len(self._keep)

    def __contains__(self, name: object) -> bool:
        return name in self._keep

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mask):
            return NotImplemented
        return self._keep.keys() == other._keep.keys() and all(
            torch.equal(tensor, other._keep[name]) for name, tensor in self._keep.items()
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Mask(density {self.density:.4f}: {self.count:,} of {self.size:,} weights in {len(self)} layers)"

    def remaining(self) -> dict[str, int]:
        """Return the number of survivors per layer."""
        return dict(self._remaining)

    def sizes(self) -> dict[str, int]:
        """Return the number of weights per layer, pruned ones included."""
        return {name: tensor.numel() for name, tensor in self._keep.items()}

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each layer."""
        return {name: tuple(tensor.shape) for name, tensor in self._keep.items()}

    @property
    def count(self) -> int:
        """Survivors of all layers."""
        return sum(self._remaining.values())

    @property
    def size(self) -> int:
        """Weights of all layers, pruned ones included."""
        return sum(math.prod(tensor.shape) for tensor in self._keep.values())

    @property
    def density(self) -> float:
        """Fraction of prunable weights that remain, in [0, 1]; 1 where there are none."""
        return self.count / self.size if self.size else 1.0

    def is_within(self, other: "Mask") -> bool:
        """Return whether every survivor here also survives in `other`, a mask of the same layers."""
        return self.shapes() == other.shapes() and not any(
            bool((tensor & ~other._keep[name]).any()) for name, tensor in self._keep.items()
        )

    def apply_(self, target: nn.Module | State) -> None:
        """Write exact +0.0 to every pruned weight of a network or a state, in place; survivors keep their bits.

        Infinities, NaN and -0.0 at pruned places become +0.0 too. Gradients are not touched.

        Raises
        ------
        TombolaError
            If a layer is missing or shaped differently; nothing is written then.
        """
        weights: Mapping[str, Tensor] = dict(target.named_parameters()) if isinstance(target, nn.Module) else target
        for name, tensor in self._keep.items():
            if name not in weights:
                raise TombolaError(f"the mask covers '{name}', which the network lacks; it belongs to another network")
            if weights[name].shape != tensor.shape:
                shape, here = list(tensor.shape), list(weights[name].shape)
                raise TombolaError(
                    f"the mask of '{name}' is shaped {shape}, the weight {here}; it belongs to another network"
                )
        with torch.no_grad():
            for name, tensor in self._keep.items():
                weights[name].masked_fill_(~tensor.to(weights[name].device), 0.0)

    def digest(self) -> str:
        """Return the SHA-256 of names, shapes and bits, whatever the order of layers: equal masks, equal digests."""
        content = hashlib.sha256()
        for name in sorted(self._keep):
            tensor = self._keep[name]
            content.update(json.dumps([name, list(tensor.shape)]).encode())
            content.update(pack_bits(tensor).numpy().tobytes())
        return content.hexdigest()


def collapsed_layers(mask: Mask) -> tuple[str, ...]:
    """Return the names of layers without survivors: nothing passes through them any more."""
    return tuple(name for name, count in mask.remaining().items() if count == 0)
