import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tombola.data import describe, load, load_data
from tombola.data.idx import IMAGES, LABELS, read_idx
from tombola.errors import TombolaError
from tombola.specs import DataSpec

Write = Callable[..., Path]
TRAIN = "train-images-idx3-ubyte"
TRAIN_LABELS = "train-labels-idx1-ubyte"


def spec_of(root: Path, name: str = "mnist") -> DataSpec:
    return DataSpec(name=name, root=str(root), validation=10)


def test_plain_and_gzipped_files_hold_the_same(tmp_path: Path, write_idx: Write) -> None:
    packed = write_idx(tmp_path / "gz" / "mnist")
    plain = tmp_path / "plain" / "mnist"
    plain.mkdir(parents=True)
    for path in packed.iterdir():
        (plain / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    one, other = (load(spec_of(tmp_path / kind), 3) for kind in ("gz", "plain"))
    assert one.digest == other.digest
    assert one.train.images.shape == (50, 1, 28, 28)
    assert (len(one.validation), len(one.test)) == (10, 20)


def test_pixels_and_labels_keep_their_places(tmp_path: Path) -> None:
    path = tmp_path / "images"
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    path.write_bytes(struct.pack(">IIII", IMAGES, 2, 3, 4) + pixels.tobytes())
    assert np.array_equal(read_idx(path, IMAGES), pixels)


def test_describe_reads_headers_only(tmp_path: Path, write_idx: Write) -> None:
    folder = write_idx(tmp_path / "mnist", compress=False)
    info = describe(spec_of(tmp_path))
    assert info.sizes == (50, 10, 20)
    assert info.identity == "partial-60-0-20"
    (folder / TRAIN).write_bytes((folder / TRAIN).read_bytes()[:16])
    assert describe(spec_of(tmp_path)).sizes == (50, 10, 20)


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def unpacked(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda content: gzip.compress(change(gzip.decompress(content)))


DAMAGE = {
    "truncated gzip": (TRAIN, cut, "is damaged"),
    "no gzip": (TRAIN, lambda content: b"<html>not found</html>", "is damaged"),
    "flipped bytes": (TRAIN, lambda content: content[:2000] + bytes(50) + content[2050:], "is damaged"),
    "empty": (TRAIN, lambda content: b"", "is damaged"),
    "wrong magic": (TRAIN, unpacked(lambda content: b"\0\0\x08\x01" + content[4:]), "starts with 0x00000801"),
    "too short": (TRAIN, unpacked(lambda content: content[:-5]), "60 x 28 x 28 are announced"),
    "too long": (TRAIN, unpacked(lambda content: content + b"x"), "60 x 28 x 28 are announced"),
    "header cut": (TRAIN, unpacked(lambda content: content[:9]), "is damaged"),
    "label out of range": (TRAIN_LABELS, unpacked(lambda content: content[:-1] + b"\x0a"), "has label 10"),
    "fewer labels": (
        TRAIN_LABELS,
        unpacked(lambda content: struct.pack(">II", LABELS, 59) + content[8:-1]),
        "has 59 labels for the 60 images",
    ),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_damage_is_told_with_the_file_and_the_way_out(tmp_path: Path, write_idx: Write, case: str) -> None:
    name, change, words = DAMAGE[case]
    path = write_idx(tmp_path / "mnist") / f"{name}.gz"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(TombolaError) as caught:
        load(spec_of(tmp_path), 0)
    message = str(caught.value)
    assert str(path) in message
    assert words in message
    assert "tombola data pull mnist" in message
    assert "\n" not in message


@pytest.mark.data
def test_real_mnist_is_split_as_the_reference_says(data_root: Path) -> None:
    # playground.md section 3: 55,000 / 5,000 / 10,000
    data = load_data("mnist", root=data_root)
    assert (len(data.train), len(data.validation), len(data.test)) == (55000, 5000, 10000)
    assert data.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert data.test.labels.bincount().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
