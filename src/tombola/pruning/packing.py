"""Bits in bytes: how masks are stored."""

import math

import numpy as np
import torch
from jaxtyping import Bool, UInt8
from torch import Tensor

from tombola.errors import TombolaError


def pack_bits(keep: Bool[Tensor, "..."]) -> UInt8[Tensor, " bytes"]:
    """Return flat bits, most significant first, the last byte padded with zeros (``numpy.packbits``)."""
    return torch.from_numpy(np.packbits(keep.numpy().reshape(-1)))


def unpack_bits(name: str, packed: UInt8[Tensor, " bytes"], shape: tuple[int, ...]) -> Bool[Tensor, "..."]:
    """Return the bool tensor that `pack_bits` made bytes of.

    Parameters
    ----------
    name
        Of the layer, for errors.
    packed
        The bytes.
    shape
        Of the tensor.

    Raises
    ------
    TombolaError
        If the bytes cannot be of a tensor of this shape: another type, another length, bits set in the padding.
    """
    size = math.prod(shape)
    if packed.dtype != torch.uint8 or tuple(packed.shape) != (-(-size // 8),):
        raise TombolaError(
            f"the packed mask of '{name}' is {list(packed.shape)} {packed.dtype} where shape {list(shape)} needs "
            f"{-(-size // 8)} bytes; the file it came from is damaged"
        )
    bits = np.unpackbits(packed.cpu().numpy())
    if bits[size:].any():
        raise TombolaError(f"the packed mask of '{name}' has bits set beyond its {size} weights; its file is damaged")
    return torch.from_numpy(bits[:size].astype(np.bool_).reshape(shape))
