from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from tombola.data import describe, load, load_data
from tombola.data.svhn import TEST, TRAIN, read_mat
from tombola.errors import TombolaError
from tombola.specs import DataSpec


def write(folder: Path, train: int = 30, test: int = 20, compress: bool = False) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(2)
    for name, n in ((TRAIN, train), (TEST, test)):
        pixels = rng.integers(0, 256, (32, 32, 3, n), dtype=np.uint8)
        savemat(
            folder / name, {"X": pixels, "y": (np.arange(n, dtype=np.uint8) % 10 + 1)[:, None]}, do_compression=compress
        )
    return folder


@pytest.mark.parametrize("compress", [False, True])
def test_axes_move_and_ten_becomes_zero(tmp_path: Path, compress: bool) -> None:
    folder = write(tmp_path / "svhn", compress=compress)
    part = read_mat(folder / TRAIN, "svhn")
    from scipy.io import loadmat

    pixels = loadmat(folder / TRAIN)["X"]
    assert part.images.shape == (30, 3, 32, 32)
    assert part.images[7, 2, 5, 11].item() == pixels[5, 11, 2, 7]
    assert part.labels[:11].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]


def test_a_tenth_validates_by_default(tmp_path: Path) -> None:
    write(tmp_path)
    data = load(DataSpec(name="svhn", root=str(tmp_path)), 0)
    assert (len(data.train), len(data.validation), len(data.test)) == (27, 3, 20)
    info = describe(DataSpec(name="svhn", root=str(tmp_path)))
    assert info.sizes == (27, 3, 20)
    assert info.identity == "partial-30-0-20"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"X": np.zeros((32, 32, 3, 4), np.uint8), "y": np.array([1, 2, 11, 4])}, "labels 1 to 11"),
        ({"X": np.zeros((32, 32, 3, 4), np.uint8), "y": np.array([1, 2, 0, 4])}, "labels 0 to 4"),
        ({"X": np.zeros((32, 32, 3, 4), np.uint8), "y": np.array([1, 2])}, "no 4 labels"),
        ({"X": np.zeros((32, 32, 3, 4), np.uint8)}, "no 4 labels"),
        ({"X": np.zeros((4, 32, 32, 3), np.uint8), "y": np.array([1])}, "no array X"),
        ({"y": np.array([1])}, "no array X"),
    ],
)
def test_wrong_content(tmp_path: Path, content: dict[str, np.ndarray], words: str) -> None:
    write(tmp_path)
    savemat(tmp_path / TRAIN, content)
    with pytest.raises(TombolaError) as caught:
        load(DataSpec(name="svhn", root=str(tmp_path)), 0)
    assert words in str(caught.value)
    assert str(tmp_path / TRAIN) in str(caught.value)


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("keep", [0, 100, 3000, -2000])
def test_truncated_files(tmp_path: Path, keep: int, compress: bool) -> None:
    write(tmp_path, compress=compress)
    path = tmp_path / TRAIN
    path.write_bytes(path.read_bytes()[:keep])
    spec = DataSpec(name="svhn", root=str(tmp_path))
    with pytest.raises(TombolaError, match=r"tombola data pull svhn") as caught:
        load(spec, 0)
    assert str(path) in str(caught.value)
    if 0 <= keep < 3000:  # a header may survive what the pixels do not
        with pytest.raises(TombolaError, match=r"tombola data pull svhn"):
            describe(spec)


@pytest.mark.data
def test_real_digits(data_root: Path) -> None:
    data = load_data("svhn", root=data_root, validation=24)
    counts = data.test.labels.bincount(minlength=10)
    assert data.input_shape == (3, 32, 32)
    assert len(data.validation) == 24
    assert (counts > 0).all()
