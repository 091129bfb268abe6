"""The mask: which weights remain. The single source of truth for density."""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.networks import PrunableLayer, State
from tombola.pruning.packing import pack_bits, unpack_bits
from tombola.pruning.writing import pruned_values, write_pruned


class Mask(Mapping[str, Tensor]):
    """Which prunable weights remain: parameter name -> bool tensor (True: kept), on the CPU.

    A mask never changes: it keeps its own copy of what it is made from, and hands out copies. Natural zeros among the
    weights are not pruned; only the mask says what is. Masks are equal that let the same weights remain.

    Parameters
    ----------
    keep
        Parameter name -> bool tensor, shaped like the weight.
    held
        Parameter name -> values that pruned weights are held at, in flat order; where left out, +0.0 (`holding`).

    Raises
    ------
    TombolaError
        If a tensor is not of type bool, or values do not fit.

    Examples
    --------
    >>> mask = Mask({"output.weight": torch.tensor([[True, False], [True, True]])})
    >>> mask.density, mask.remaining()
    (0.75, {'output.weight': 3})
    """

    def __init__(
        self, keep: Mapping[str, Bool[Tensor, "..."]], held: Mapping[str, Float[Tensor, " pruned"]] | None = None
    ) -> None:
        for name, tensor in keep.items():
            if tensor.dtype != torch.bool:
                raise TombolaError(f"the mask of '{name}' is of type {tensor.dtype}; a mask must be of type bool")
        self._keep = {
            name: tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
            for name, tensor in keep.items()
        }
        self._remaining = {name: int(torch.count_nonzero(tensor)) for name, tensor in self._keep.items()}
        self._held: dict[str, Tensor] = {}
        for name, values in (held or {}).items():
            if name not in keep or values.shape != (keep[name].numel() - self._remaining[name],):
                raise TombolaError(f"the values that '{name}' is to be held at are not one for each pruned weight")
            if values.any():
                self._held[name] = values.detach().to("cpu", copy=True)

    @classmethod
    def dense(cls, layers: Iterable[PrunableLayer]) -> "Mask":
        """Return the mask that keeps everything."""
        return cls({layer.name: torch.ones(layer.shape, dtype=torch.bool) for layer in layers})

    @classmethod
    def unpack(
        cls,
        packed: Mapping[str, UInt8[Tensor, " bytes"]],
        shapes: Mapping[str, Sequence[int]],
        held: Mapping[str, Float[Tensor, " pruned"]] | None = None,
    ) -> "Mask":
        """Return the mask that `pack` made bits of.

        Parameters
        ----------
        packed
            Name -> bytes, as from `pack`.
        shapes
            Name -> shape; gives the order of layers.
        held
            Name -> values of pruned weights, where they are not +0.0.

        Raises
        ------
        TombolaError
            If names or lengths do not fit.
        """
        if packed.keys() != shapes.keys():
            raise TombolaError(f"a packed mask of {sorted(packed)} does not fit the shapes of {sorted(shapes)}")
        return cls({name: unpack_bits(name, packed[name], tuple(shape)) for name, shape in shapes.items()}, held)

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

    def holding(self, state: State) -> "Mask":
        """Return the same mask with pruned weights held at the values they have in a state, instead of at +0.0.

        A layer whose pruned weights all are zeros there is held at +0.0.

        Raises
        ------
        TombolaError
            If a layer is missing or shaped differently.
        """
        for name in self._keep:
            if name not in state:
                raise TombolaError(f"the mask covers '{name}', which the state lacks; it belongs to another network")
        return Mask(self._keep, {name: pruned_values(name, keep, state[name]) for name, keep in self._keep.items()})

    @property
    def held(self) -> dict[str, Float[Tensor, " pruned"]]:
        """Values of the pruned weights in flat order, of layers where they are held at other values than +0.0."""
        return {name: values.clone() for name, values in self._held.items()}

    def apply_(self, target: nn.Module | State) -> None:
        """Write its held value, +0.0 by default, to every pruned weight of a network or a state, in place.

        Survivors keep their bits; infinities, NaN and -0.0 at pruned places go. Gradients are not touched.

        Raises
        ------
        TombolaError
            If a layer is missing or shaped differently; nothing is written then.
        """
        write_pruned(self._keep, self._held, target)

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
