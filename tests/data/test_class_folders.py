import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tombola.data import Work, describe, load, load_data, prepare, sets
from tombola.data.decode import Frame, cache_folder, decode
from tombola.data.folders import Cinic10, Imagenette
from tombola.errors import TombolaError
from tombola.specs import DataSpec

Write = Callable[..., list[Path]]


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture
def pets(tmp_path: Path, write_images: Write) -> Path:
    root = tmp_path / "pets"
    write_images(root / "cat", 20)
    write_images(root / "dog", 11)
    return root


def spec_of(root: Path, **fields: object) -> DataSpec:
    return DataSpec.model_validate({"name": "folder", "root": str(root), **fields})


def test_a_flat_tree_gets_a_fixed_test_part(pets: Path) -> None:
    first, second = (load(spec_of(pets, validation=5), seed) for seed in (0, 1))
    assert first.classes == ("cat", "dog")
    assert (len(first.train), len(first.validation), len(first.test)) == (20, 5, 6)
    assert first.test.labels.bincount().tolist() == [4, 2]
    assert np.array_equal(first.test.images.numpy(), second.test.images.numpy())
    assert first.split.digest != second.split.digest


def test_every_image_is_in_one_part_with_its_label(pets: Path) -> None:
    data = load(spec_of(pets), 0)
    expected = {}
    for label, name in enumerate(("cat", "dog")):
        for path in (pets / name).iterdir():
            expected[np.asarray(Image.open(path)).transpose(2, 0, 1).tobytes()] = label
    found = {}
    for part in (data.train, data.validation, data.test):
        found |= {image.numpy().tobytes(): int(label) for image, label in zip(part.images, part.labels, strict=True)}
    assert found == expected


def test_parts_in_folders(tmp_path: Path, write_images: Write) -> None:
    for part, count in (("train", 8), ("test", 3), ("valid", 4)):
        for name in "ab":
            write_images(tmp_path / part / name, count)
    data = load(spec_of(tmp_path), 0)
    assert (len(data.train), len(data.validation), len(data.test)) == (16, 8, 6)
    assert data.split.own_validation
    shutil.rmtree(tmp_path / "test")
    data = load(spec_of(tmp_path), 0)
    assert (len(data.train), len(data.validation), len(data.test)) == (15, 1, 8)
    shutil.rmtree(tmp_path / "valid")
    with pytest.raises(TombolaError, match="neither test nor val"):
        describe(spec_of(tmp_path))


def test_grey_images_have_one_channel_and_mixed_ones_three(tmp_path: Path, write_images: Write) -> None:
    write_images(tmp_path / "a", 6, mode="L")
    write_images(tmp_path / "b", 6, mode="L", suffix=".bmp")
    assert describe(spec_of(tmp_path)).shape == (1, 5, 6)
    write_images(tmp_path / "b", 1)
    assert load(spec_of(tmp_path), 0).input_shape == (3, 5, 6)


def test_images_of_many_sizes_need_a_size(tmp_path: Path, write_images: Write) -> None:
    write_images(tmp_path / "a", 5, (8, 8))
    odd = write_images(tmp_path / "b", 5, (9, 8), suffix=".jpg")
    with pytest.raises(TombolaError, match=r"data\.size is needed") as caught:
        describe(spec_of(tmp_path))
    assert str(odd[0]) in str(caught.value)
    assert load(spec_of(tmp_path, size=4), 0).input_shape == (3, 4, 4)


def test_scaling_keeps_the_aspect_and_the_centre(tmp_path: Path) -> None:
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = 200
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    assert (decode(tmp_path / "wide.png", Frame(3, 10, 10)) == 200).all()
    assert (decode(tmp_path / "wide.png", Frame(1, 5, 5))[:, :, 1:4] == 200).all()


def test_decoding_happens_once_and_again_after_a_change(pets: Path) -> None:
    seen: list[Work] = []
    prepare(spec_of(pets), seen.append)
    assert [(work.done, work.total, work.unit) for work in seen] == [(25, 25, "images"), (6, 6, "images")]
    seen.clear()
    prepare(spec_of(pets), seen.append)
    assert not seen
    before = load(spec_of(pets), 0).digest
    changed = pets / "cat" / "003.png"
    Image.fromarray(np.zeros((5, 6, 3), np.uint8)).save(changed)
    prepare(spec_of(pets), seen.append)
    assert seen
    assert load(spec_of(pets), 0).digest != before


def test_the_identity_is_that_of_the_content(pets: Path, tmp_path: Path) -> None:
    identity = describe(spec_of(pets)).identity
    copy = tmp_path / "copy"
    shutil.copytree(pets, copy)
    os.utime(copy / "cat" / "000.png", (1, 1))
    assert describe(spec_of(copy)).identity == identity
    shutil.copy(copy / "cat" / "000.png", copy / "cat" / "001.png")
    assert describe(spec_of(copy)).identity != identity


def test_other_files_are_passed_over(pets: Path) -> None:
    before = describe(spec_of(pets)).sizes
    for name in ("cat/Thumbs.db", "cat/.hidden.png", "readme.txt"):
        (pets / name).write_bytes(b"x")
    (pets / ".git").mkdir()
    assert describe(spec_of(pets)).sizes == before


@pytest.mark.parametrize("content", [b"", b"no image", None])
def test_unreadable_images_are_named_and_nothing_stays(pets: Path, content: bytes | None) -> None:
    path = pets / "dog" / "004.png"
    if content is None:
        content = path.read_bytes()[:-40]
    path.write_bytes(content)
    with pytest.raises(TombolaError) as caught:
        load(spec_of(pets, size=5), 0)
    assert f"{path} cannot be read as an image" in str(caught.value)
    assert not list(cache_folder("folder").glob("*.npy"))
    assert not list(cache_folder("folder").glob(".*"))


def test_deep_images_are_refused(pets: Path) -> None:
    Image.fromarray(np.zeros((5, 6), np.uint16)).save(pets / "dog" / "000.png")
    with pytest.raises(TombolaError, match="more than 8 bits"):
        describe(spec_of(pets))


def test_a_cache_that_cannot_be_written(pets: Path, cache: Path) -> None:
    cache.write_text("a file where a folder should be")
    with pytest.raises(TombolaError, match="user's cache: make room or permission"):
        load(spec_of(pets), 0)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda root: None, "holds no folders"),
        (lambda root: (root / "empty").mkdir(), "holds no images"),
        (lambda root: root.rmdir(), "there is no such file or folder"),
        (lambda root: (root.rmdir(), root.write_text("x")), "a folder is needed"),
    ],
)
def test_folders_without_images(tmp_path: Path, make: Callable[[Path], object], words: str) -> None:
    root = tmp_path / "mine"
    root.mkdir()
    make(root)
    with pytest.raises(TombolaError, match=words) as caught:
        describe(spec_of(root))
    assert str(root) in str(caught.value)


def test_a_class_of_the_test_part_alone_is_an_error(tmp_path: Path, write_images: Write) -> None:
    for entry in ("train/a", "train/b", "test/a", "test/b", "test/c"):
        write_images(tmp_path / entry, 4)
    with pytest.raises(TombolaError, match="no class of the training part"):
        describe(spec_of(tmp_path))


def test_the_folder_must_be_given() -> None:
    with pytest.raises(TombolaError, match=r"data\.root is missing"):
        describe(DataSpec(name="folder"))


def test_cinic10_validates_on_its_own_part(tmp_path: Path, write_images: Write) -> None:
    for part, count in (("train", 5), ("valid", 4), ("test", 3)):
        for name in Cinic10.classes:
            write_images(tmp_path / "CINIC-10" / part / name, count, (32, 32))
    data = load_data("cinic10", root=tmp_path)
    assert (len(data.train), len(data.validation), len(data.test)) == (50, 40, 30)
    assert (data.split.own_validation, data.classes[3]) == (True, "cat")
    assert len(load_data("cinic10", root=tmp_path, validation=7).validation) == 7
    with pytest.raises(TombolaError, match="40 validation images of its own"):
        load_data("cinic10", root=tmp_path, validation=41)
    odd = write_images(tmp_path / "CINIC-10" / "test" / "cat", 1, (33, 32))[0]
    with pytest.raises(TombolaError, match="33x32, not 32x32") as caught:
        load_data("cinic10", root=tmp_path)
    assert str(odd) in str(caught.value)


@pytest.mark.parametrize("folder", ["imagenette2", "imagenette2-320", "imagenette2-160", "imagenette2-224px", "."])
def test_imagenette_tests_on_val(tmp_path: Path, write_images: Write, folder: str) -> None:
    for part, count in (("train", 10), ("val", 2)):
        for name in Imagenette.folder_classes:
            write_images(tmp_path / folder / part / name, count, (20, 16), suffix=".JPEG")
    data = load_data("imagenette", root=tmp_path, size=12)
    assert (len(data.train), len(data.validation), len(data.test)) == (90, 10, 20)
    assert data.input_shape == (3, 12, 12)
    assert data.classes[0] == "tench"
    assert describe(DataSpec(name="imagenette", root=str(tmp_path))).shape == (3, 224, 224)
    assert sets["imagenette"].official == (9469, 0, 3925)


@pytest.mark.data
def test_real_pictures(data_root: Path) -> None:
    data = load_data("imagenette", root=data_root, size=32)
    assert data.test.labels.bincount().unique().numel() == 1
    assert 0.3 < data.train.images.float().mean() / 255 < 0.6
    cinic = load_data("cinic10", root=data_root, normalisation="cinic10")
    mean = (cinic.train.images.float() / 255).mean((0, 2, 3))
    assert mean.tolist() == pytest.approx(list(cinic.normalisation.mean), abs=0.02)
