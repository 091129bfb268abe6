"""The forms a masked network can be run in: dense, masked, compacted, CSR, the sparse engine."""

import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from safetensors.torch import save
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.networks import State, capture
from tombola.pruning import Mask, Ticket
from tombola.pruning.compact import compact_network
from tombola.store.states import save_ticket
from tombola.training.sparse.layers import Unsupported

SCALE = 1 / 255
"""A pixel is fed as ``pixel * SCALE``."""

PIECE = 128
"""Images that the sparse engine computes at a time: more would fall out of its cache."""

Answer = Callable[[], Tensor]
"""Computes the logits of the batch it was prepared for."""


@dataclass(frozen=True)
class Variant:
    """One form of a network.

    Attributes
    ----------
    name
        ``dense``, ``masked``, ``compacted``, ``CSR`` or ``sparse engine``.
    bytes
        Size of the file that holds it.
    prepare
        Makes ready for a batch of images, as bytes (n, c, h, w); None where the network cannot take this form.
    note
        What a reader must know.
    same
        Whether it must answer as the masked network does.
    """

    name: str
    bytes: int | None
    prepare: Callable[[UInt8[Tensor, "n c h w"]], Answer] | None
    note: str = ""
    same: bool = True


class CsrLinear(nn.Module):
    """A linear layer whose weight is a sparse matrix of PyTorch (compressed rows)."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
            self.weight = layer.weight.detach().to_sparse_csr()
        self.bias = None if layer.bias is None else layer.bias.detach()

    def forward(self, x: Float[Tensor, "n in"]) -> Float[Tensor, "n out"]:
        """Return ``x @ weight.T + bias``."""
        product = (self.weight @ x.T).T
        return product if self.bias is None else product + self.bias

    def arrays(self) -> State:
        """Return what a file of it holds."""
        rows, columns = self.weight.crow_indices().int(), self.weight.col_indices().int()
        return {"rows": rows, "columns": columns, "values": self.weight.values()}


def variants(module: nn.Module, mask: Mask, input_shape: Sequence[int]) -> Iterator[Variant]:
    """Yield the forms of a network.

    Parameters
    ----------
    module
        The network; it is not changed.
    mask
        Which weights remain.
    input_shape
        Of one image: (channels, height, width).
    """
    masked = deepcopy(module).cpu().eval()
    mask.apply_(masked)
    state = capture(masked)
    stored = _stored(state, mask)
    yield _dense(masked, mask)
    yield Variant("masked", stored, _runs(masked), "zeros computed like any number; the file holds survivors and bits")
    yield _compacted(masked, input_shape)
    yield _csr(masked)
    yield _sparse(masked, mask, input_shape, stored)


def csr_module(module: nn.Module) -> tuple[nn.Module, State, int]:
    """Return a network with its linear layers as sparse matrices, what a file of it holds, and how many they are."""
    made = deepcopy(module)
    state = capture(made)
    layers = {name: part for name, part in made.named_modules() if type(part) is nn.Linear}
    for name, layer in layers.items():
        sparse = CsrLinear(layer)
        state |= {f"{name}.weight.{role}": value for role, value in sparse.arrays().items()}
        del state[f"{name}.weight" if name else "weight"]
        if not name:
            return sparse, state, 1
        parent, _, leaf = name.rpartition(".")
        setattr(made.get_submodule(parent), leaf, sparse)
    return made, state, len(layers)


def _dense(masked: nn.Module, mask: Mask) -> Variant:
    """Return the network with all its weights: what is pruned becomes small random numbers, for zeros might be fast."""
    full = deepcopy(masked)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, weight in full.named_parameters():
            if name in mask:
                weight.copy_(torch.where(mask[name], weight, 0.01 * torch.randn(weight.shape, generator=generator)))
    note = "random numbers where weights are pruned, so its answers are not compared"
    return Variant("dense", len(save(capture(full))), _runs(full), note, same=False)


def _compacted(masked: nn.Module, input_shape: Sequence[int]) -> Variant:
    try:
        small = compact_network(masked, input_shape)
    except TombolaError as refusal:
        return Variant("compacted", None, None, str(refusal))
    units = ", ".join(f"{layer.kept} of {layer.units}" for layer in small.layers)
    return Variant("compacted", len(save(capture(small.module))), _runs(small.module), f"units kept: {units}")


def _csr(masked: nn.Module) -> Variant:
    made, arrays, count = csr_module(masked)
    if not count:
        return Variant("CSR", None, None, "it has no linear layers, and there are no sparse convolutions in PyTorch")
    dense = any(isinstance(part, nn.Conv2d) for part in masked.modules())
    note = "linear layers only: convolutions stay dense" if dense else "torch.sparse_csr"
    contiguous = {name: value.contiguous() for name, value in arrays.items()}
    return Variant("CSR", len(save(contiguous)), _runs(made), note)


def _sparse(masked: nn.Module, mask: Mask, input_shape: Sequence[int], stored: int) -> Variant:
    from tombola.training.sparse.predict import SparsePredictor  # Numba is imported only where kernels are compiled

    channels, height, width = input_shape
    scale, shift = np.full(channels, SCALE, np.float32), np.zeros(channels, np.float32)

    def compiled(batch: int) -> SparsePredictor:
        return SparsePredictor(masked, mask, (channels, height, width), batch, scale, shift)

    def prepare(images: UInt8[Tensor, "n c h w"]) -> Answer:
        predict, pixels = compiled(min(len(images), PIECE)), images.numpy()
        return lambda: torch.from_numpy(predict(pixels))

    try:
        compiled(1)
    except Unsupported as reason:
        return Variant("sparse engine", None, None, str(reason))
    note = "one thread; starts from bytes, so its time includes normalisation; computes multiples of 16 images, "
    note += f"at most {PIECE} at a time"
    return Variant("sparse engine", stored, prepare, note)


def _runs(module: nn.Module) -> Callable[[UInt8[Tensor, "n c h w"]], Answer]:
    convolves = any(isinstance(part, nn.Conv2d) for part in module.modules())  # the faster layout of convolutions
    layout = torch.channels_last if convolves else torch.contiguous_format
    if convolves:
        module.to(memory_format=layout)  # type: ignore[call-overload]

    def prepare(images: UInt8[Tensor, "n c h w"]) -> Answer:
        ready = (images.float() * SCALE).contiguous(memory_format=layout)
        return lambda: module(ready)

    return prepare


def _stored(state: State, mask: Mask) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ticket.safetensors"
        save_ticket(path, Ticket(state, mask, {}))
        return path.stat().st_size
