import pickle
from pathlib import Path

import numpy as np
import pytest

from tombola.data import describe, load, load_data, sets
from tombola.data.cifar import Cifar
from tombola.errors import TombolaError
from tombola.specs import DataSpec

PER_FILE = 12


def spec_of(root: Path, name: str) -> DataSpec:
    return DataSpec(name=name, root=str(root), validation=2)


def write(root: Path, name: str, layout: str) -> Path:
    """Write the same images in either layout."""
    source = sets[name]
    assert isinstance(source, Cifar)
    names = source.binary if layout == "binary" else source.python
    folder = root / next(
        entry
        for entry in source.layouts
        if entry.endswith({"binary": ("bin", "binary"), "python": ("py", "python")}[layout])
    )
    folder.mkdir(parents=True)
    rng = np.random.default_rng(1)
    for file in names.train + names.test:
        pixels = rng.integers(0, 256, (PER_FILE, 3072), dtype=np.uint8)
        labels = np.arange(PER_FILE) % len(source.classes)
        if layout == "binary":
            first = np.full((PER_FILE, source.label_bytes), 77, np.uint8)
            first[:, int(names.label)] = labels
            (folder / file).write_bytes(np.hstack([first, pixels]).tobytes())
        else:
            content = {str(names.label).encode(): labels.tolist(), b"data": pixels, b"batch_label": b"some batch"}
            (folder / file).write_bytes(pickle.dumps(content, protocol=2))
    return folder


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_both_layouts_give_the_same_images(tmp_path: Path, name: str) -> None:
    write(tmp_path / "a", name, "binary")
    write(tmp_path / "b", name, "python")
    one, other = load(spec_of(tmp_path / "a", name), 0), load(spec_of(tmp_path / "b", name), 0)
    assert one.digest == other.digest
    assert one.input_shape == (3, 32, 32)
    assert one.test.labels.tolist() == list(range(10)) + ([0, 1] if name == "cifar10" else [10, 11])
    files = 5 if name == "cifar10" else 1
    for root in ("a", "b"):
        info = describe(spec_of(tmp_path / root, name))
        assert info.sizes == (files * PER_FILE - 2, 2, PER_FILE)


def test_a_hundred_classes_have_names() -> None:
    names = sets["cifar100"].classes
    assert len(set(names)) == 100
    assert (names[0], names[33], names[99]) == ("apple", "forest", "worm")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("cifar10", bytes(3073 * PER_FILE - 1), "no multiple of 3073"),
        ("cifar10", b"", "has 0 bytes"),
        ("cifar10", b"\x0b" + bytes(3072), "has label 11 where 10 classes"),
        ("cifar100", b"\x05\x64" + bytes(3072), "has label 100 where 100 classes"),
    ],
)
def test_damaged_binary_files(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    folder = write(tmp_path, name, "binary")
    path = folder / ("data_batch_3.bin" if name == "cifar10" else "train.bin")
    path.write_bytes(content)
    with pytest.raises(TombolaError) as caught:
        load(spec_of(tmp_path, name), 0)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert f"tombola data pull {name}" in str(caught.value)


def test_an_incomplete_folder_says_what_it_lacks(tmp_path: Path) -> None:
    folder = write(tmp_path, "cifar10", "binary")
    (folder / "data_batch_2.bin").unlink()
    with pytest.raises(TombolaError, match=r"cifar-10-batches-bin lacks data_batch_2\.bin"):
        load(spec_of(tmp_path, "cifar10"), 0)


@pytest.mark.data
def test_real_cifar10_is_split_as_the_reference_says(data_root: Path) -> None:
    # playground.md section 3: 45,000 / 5,000 / 10,000
    try:
        data = load_data("cifar10", root=data_root)
    except TombolaError as error:
        pytest.skip(str(error))
    assert (len(data.train), len(data.validation), len(data.test)) == (45000, 5000, 10000)
    assert data.test.labels.bincount().tolist() == [1000] * 10
