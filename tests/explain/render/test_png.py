"""PNG files without anything but pixels (explainability reference, sections 6.5 and 7.3)."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from tombola.errors import TombolaError
from tombola.explain.render import encode_png, padded_length, save_png

PIXELS = np.random.default_rng(0).integers(0, 256, (30, 50, 3), dtype=np.uint8)


def chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    """Read a PNG as its standard says, checking signature, lengths and checksums."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    at, found = 8, []
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        kind, data = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        assert len(data) == length
        assert struct.unpack(">I", content[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + data)
        found.append((kind, data))
        at += 12 + length
    return found


def test_files_hold_pixels_and_nothing_else(tmp_path: Path) -> None:
    save_png(PIXELS, tmp_path / "new" / "a.png")
    content = (tmp_path / "new" / "a.png").read_bytes()
    assert {kind for kind, _ in chunks(content)} == {b"IHDR", b"IDAT", b"IEND"}
    with Pillow.open(BytesIO(content)) as picture:
        assert picture.info == {}
        assert np.array_equal(np.asarray(picture), PIXELS)
    assert encode_png(PIXELS.copy()) == content
    assert encode_png(np.asfortranarray(PIXELS)) == content


@pytest.mark.parametrize("extra", [12, 13, 100, 70000])
def test_files_are_as_large_as_asked_for(extra: int) -> None:
    bare = encode_png(PIXELS)
    padded = encode_png(PIXELS, pad_to=len(bare) + extra)
    assert len(padded) == len(bare) + extra
    found = chunks(padded)
    assert found[-1] == (b"IEND", b"")
    assert found[-2] == (b"tpAd", bytes(extra - 12))
    with Pillow.open(BytesIO(padded)) as picture:
        assert np.array_equal(np.asarray(picture), PIXELS)
        picture.load()
        assert picture.info == {}


def test_the_chunk_is_one_that_readers_must_skip() -> None:
    """PNG specification, chunk naming: lower case = ancillary, private, (upper: reserved), safe to copy."""
    kind = chunks(encode_png(PIXELS, pad_to=9000))[-2][0].decode()
    assert [letter.islower() for letter in kind] == [True, True, False, True]


def test_steps_of_sizes() -> None:
    bare = encode_png(PIXELS)
    size = padded_length(bare, 4096)
    assert size % 4096 == 0
    assert 12 <= size - len(bare) < 4096 + 12
    assert len(encode_png(PIXELS, pad_to=size)) == size
    assert padded_length(b"x" * 4085, 4096) == 8192
    with pytest.raises(TombolaError, match="pad to more"):
        encode_png(PIXELS, pad_to=len(bare) + 11)


@pytest.mark.parametrize("pixels", [PIXELS[:, :, 0], PIXELS / 255, PIXELS[:0]])
def test_only_pictures_are_saved(pixels: np.ndarray) -> None:
    with pytest.raises(TombolaError, match="uint8"):
        encode_png(pixels)
