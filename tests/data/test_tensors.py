import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tombola.data import describe, load, tensors
from tombola.errors import TombolaError
from tombola.specs import DataSpec


def arrays(train: int = 40, test: int = 10, shape: tuple[int, ...] = (6, 6), **more: Any) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    return {
        "train_images": rng.integers(0, 256, (train, *shape), dtype=np.uint8),
        "train_labels": np.arange(train) % 4,
        "test_images": rng.integers(0, 256, (test, *shape), dtype=np.uint8),
        "test_labels": np.arange(test) % 4,
        **more,
    }


def spec_of(path: Path, **fields: Any) -> DataSpec:
    return DataSpec(name="tensors", root=str(path), **fields)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    given = arrays(classes=["a", "b", "c", "d"])
    path = tensors.save(tmp_path / "new" / "mine.npz", **given)
    data = load(spec_of(path, validation=8), 0)
    assert data.classes == ("a", "b", "c", "d")
    assert (len(data.train), len(data.validation), len(data.test)) == (32, 8, 10)
    assert np.array_equal(data.test.images.numpy()[:, 0], given["test_images"])
    assert np.array_equal(data.train.images.numpy()[:, 0], given["train_images"][data.split.train])
    assert data.validation.labels.tolist() == given["train_labels"][data.split.validation].tolist()
    assert describe(spec_of(path, validation=8)).sizes == (32, 8, 10)
    assert describe(spec_of(path)).sizes == (36, 4, 10)


def test_the_file_holds_no_objects(tmp_path: Path) -> None:
    path = tensors.save(tmp_path / "mine.npz", **arrays(classes=["å", "b", "c", "d"]))
    with np.load(path, allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.npz"]


def test_own_validation_and_tensors_of_floats(tmp_path: Path) -> None:
    colour = arrays(shape=(3, 4, 4))
    given = {name: torch.from_numpy(array) for name, array in colour.items()}
    given["train_images"] = given["train_images"] / 255
    own = {"validation_images": given["test_images"], "validation_labels": given["test_labels"]}
    data = load(spec_of(tensors.save(tmp_path / "mine.npz", **given, **own)), 0)
    assert data.split.own_validation
    assert data.classes == ("0", "1", "2", "3")
    assert np.array_equal(data.train.images.numpy(), colour["train_images"])
    assert np.array_equal(data.validation.images.numpy(), colour["test_images"])


def test_the_identity_is_that_of_the_content(tmp_path: Path) -> None:
    given = arrays()
    paths = [tensors.save(tmp_path / f"{i}.npz", **given) for i in range(2)]
    given["test_labels"][0] = 3
    paths.append(tensors.save(tmp_path / "2.npz", **given))
    one, same, other = (describe(spec_of(path)).identity for path in paths)
    assert one == same != other


def test_a_data_set_without_a_file() -> None:
    data = tensors.dataset(**arrays(), validation=5, seed=2, normalisation="mnist")
    assert (len(data.train), len(data.validation), data.normalisation.mean) == (35, 5, (0.1307,))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"classes": ["a", "b"]}, "label 3 needs 4"),
        ({"validation_images": np.zeros((1, 6, 6), np.uint8)}, "belong together"),
        ({"test_images": np.zeros((10, 5, 6), np.uint8)}, "make them equal"),
        ({"train_labels": np.arange(39)}, "train_images: 40 images but 39 labels"),
    ],
)
def test_arrays_that_do_not_fit_are_not_saved(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    with pytest.raises(TombolaError, match=words):
        tensors.save(tmp_path / "mine.npz", **arrays() | change)
    assert not list(tmp_path.iterdir())


def test_the_name_says_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(TombolaError, match=r"must be named \.npz"):
        tensors.save(tmp_path / "mine.npy", **arrays())


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(TombolaError, match="choose another place"):
        tensors.save(tmp_path / "file" / "mine.npz", **arrays())


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, small_files: None) -> None:
    path = tmp_path / "mine.npz"
    path.write_bytes(b"old")
    with pytest.raises(TombolaError, match="cannot write"):
        tensors.save(path, **arrays(4000))
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.npz"]


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "array", "objects", "lacking", "flipped"])
def test_damaged_files(tmp_path: Path, damage: str) -> None:
    path = tensors.save(tmp_path / "mine.npz", **arrays())
    content = path.read_bytes()
    match damage:
        case "cut":
            path.write_bytes(content[: len(content) // 2])
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("hello")
        case "array":
            with path.open("wb") as file:
                np.save(file, np.zeros(3))
        case "objects":
            np.savez(path, **arrays(classes=np.array([{}], dtype=object)))
        case "lacking":
            np.savez(path, classes=np.array(["a"]), train_images=np.zeros((1, 2, 2), np.uint8))
        case "flipped":
            with zipfile.ZipFile(path) as archive:
                place = archive.getinfo("train_images.npy").header_offset + 400
            path.write_bytes(content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :])
    with pytest.raises(TombolaError) as caught:
        load(spec_of(path), 0)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
