"""PNG files with nothing in them but pixels, of any size in bytes that is asked for."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image as Pillow

from tombola.errors import TombolaError
from tombola.store.files import write_bytes

PADDING = b"tpAd"
"""Type of the chunk that pads: by its letters ancillary, private and safe to copy, so that readers skip it."""
FRAME = 12
"""Bytes of a chunk around its content: length, type, checksum."""
END = FRAME
"""Bytes of the chunk that every file ends with, which is empty."""


def encode_png(pixels: UInt8[np.ndarray, "h w 3"], pad_to: int | None = None) -> bytes:
    """Return a picture as a PNG: lossless, without metadata, the same bytes for the same pixels.

    Parameters
    ----------
    pixels
        The picture.
    pad_to
        Bytes that the file is to have, by a chunk of zeros that readers skip, so that sizes of files say nothing about
        what they show. `padded_length` says what is the least.

    Raises
    ------
    TombolaError
        If the picture is not uint8 (height, width, 3), or does not fit.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or not pixels.size:
        raise TombolaError(f"the picture is {list(pixels.shape)} {pixels.dtype}; uint8 (height, width, 3) is needed")
    buffer = BytesIO()
    Pillow.fromarray(np.ascontiguousarray(pixels)).save(buffer, format="PNG", compress_level=9)
    content = buffer.getvalue()
    if pad_to is None:
        return content
    missing = pad_to - len(content) - FRAME
    if missing < 0:
        raise TombolaError(f"pad_to = {pad_to}: this picture takes {len(content) + FRAME} bytes; pad to more")
    zeros = bytes(missing)
    checksum = zlib.crc32(PADDING + zeros)
    chunk = struct.pack(">I", missing) + PADDING + zeros + struct.pack(">I", checksum)
    return content[:-END] + chunk + content[-END:]


def padded_length(content: bytes, step: int) -> int:
    """Return the least multiple of `step` that a file made by `encode_png` without padding can be padded to."""
    return -(-(len(content) + FRAME) // step) * step


def save_png(pixels: UInt8[np.ndarray, "h w 3"], path: str | Path, pad_to: int | None = None) -> None:
    """Write a picture as a PNG, atomically; see `encode_png`."""
    write_bytes(Path(path), encode_png(pixels, pad_to))
