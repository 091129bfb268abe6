import csv
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tombola.data import describe, load, load_data, read_split, split_names, write_split
from tombola.data.folders import Imagenette, Imagenette2
from tombola.errors import TombolaError
from tombola.specs import DataSpec, ExperimentSpec
from tombola.specs.keys import run_key

Write = Callable[..., list[Path]]


@pytest.fixture
def nette(tmp_path: Path, write_images: Write) -> Path:
    for part, count in (("train", 6), ("val", 4)):
        for name in Imagenette.folder_classes:
            write_images(tmp_path / "imagenette2" / part / name, count, (9, 6), suffix=".JPEG")
    return tmp_path


def spec_of(root: Path, **fields: object) -> DataSpec:
    return DataSpec.model_validate({"name": "imagenette2", "root": str(root), "size": 6, **fields})


def test_the_published_split_of_all_images(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # explainability.md, section 2.2: seed 69, the first 2,800 test and the last 1,125 validate
    import numpy as np

    from tombola.data.class_folders import Listings
    from tombola.data.listing import Listing

    def listing(count: int) -> Listing:
        return Listing(tmp_path, tuple(f"{i:04d}" for i in range(count)), np.zeros(count, np.int64))

    parts = Imagenette2().published(Listings(Imagenette2.classes, listing(9469), listing(3925)))
    order = torch.randperm(3925, generator=torch.Generator().manual_seed(69)).tolist()
    assert len(parts.train) == 9469
    assert parts.validation is not None
    assert (len(parts.test), len(parts.validation)) == (2800, 1125)
    assert set(parts.test.files) == {f"{i:04d}" for i in order[:2800]}
    assert set(parts.validation.files) == {f"{i:04d}" for i in order[-1125:]}
    assert not set(parts.test.files) & set(parts.validation.files)
    assert list(parts.test.files) == sorted(parts.test.files)


def test_the_published_split_of_a_partial_copy_keeps_its_shares(nette: Path) -> None:
    data = load(spec_of(nette, split="published"), 0)
    assert (len(data.train), len(data.test), len(data.validation)) == (60, 40 * 2800 // 3925, 40 - 28)
    assert data.split.own_validation
    other = load(spec_of(nette, split="published"), 7)
    assert (other.test.names, other.validation.names) == (data.test.names, data.validation.names)
    assert set(data.test.names or ()) | set(data.validation.names or ()) == {
        f"val/{name}/{i:03d}.JPEG" for name in Imagenette.folder_classes for i in range(4)
    }
    info = describe(spec_of(nette, split="published"))
    assert info.sizes == (60, 12, 28)
    assert len(load(spec_of(nette, split="published", validation=5), 0).validation) == 5


def test_class_names_are_plain_and_in_the_order_of_folders() -> None:
    assert list(Imagenette2.folder_classes) == sorted(Imagenette2.folder_classes)
    assert (Imagenette2.classes[0], Imagenette2.classes[2], Imagenette2.classes[9]) == (
        "fish",
        "cassetteplayer",
        "parachute",
    )
    assert Imagenette2.normalisation == "imagenet"


@pytest.mark.parametrize("rule", ["drawn", "published"])
def test_a_split_is_the_same_from_its_file(nette: Path, tmp_path: Path, rule: str) -> None:
    spec = spec_of(nette, split=rule, validation=8)
    path = tmp_path / "split.csv"
    write_split(split_names(spec, 3), path)
    drawn, again = load(spec, 3), load(spec_of(nette, split_file=str(path)), 99)
    for part in ("train", "validation", "test"):
        one, other = getattr(drawn, part), getattr(again, part)
        assert one.names == other.names
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.labels, other.labels)
    assert path.read_text().startswith("part,file\ntrain,train/n01440764/")


def test_names_belong_to_their_images(nette: Path) -> None:
    from tombola.data.decode import Frame, decode

    data = load(spec_of(nette, split="published"), 0)
    for part in (data.train, data.validation, data.test):
        assert part.names is not None
        for name, image, label in list(zip(part.names, part.images, part.labels, strict=True))[::7]:
            assert torch.equal(image, torch.from_numpy(decode(nette / "imagenette2" / name, Frame(3, 6, 6)).copy()))
            assert Imagenette.folder_classes[label] in name


def test_the_content_of_a_split_file_counts_and_its_place_does_not(nette: Path, tmp_path: Path) -> None:
    names = split_names(spec_of(nette, split="published"), 0)
    write_split(names, tmp_path / "a.csv")
    (tmp_path / "b.csv").write_text((tmp_path / "a.csv").read_text().replace("\n", "\r\n"))
    write_split({**names, "train": names["train"][1:]}, tmp_path / "c.csv")
    a, b, c = (spec_of(nette, split_file=str(tmp_path / f"{name}.csv")) for name in "abc")
    assert describe(a).identity == describe(b).identity != describe(c).identity
    assert run_key(ExperimentSpec(data=a)) == run_key(ExperimentSpec(data=b))
    assert run_key(ExperimentSpec(data=a)) != run_key(ExperimentSpec(data=spec_of(nette)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[1:], "first line must be part,file"),
        (lambda rows: [*rows, ["test", rows[1][1]]], "is named twice"),
        (lambda rows: [*rows, ["dev", "x.png"]], "a part .* and a file are needed"),
        (lambda rows: [*rows, ["test"]], "a part .* and a file are needed"),
        (lambda rows: [*rows, ["test", "val/n01440764/999.JPEG"]], "names 1 test images that .* lacks"),
        (lambda rows: [row for row in rows if row[0] != "test"], "names no test images"),
    ],
)
def test_files_that_are_no_split(
    nette: Path, tmp_path: Path, change: Callable[[list[list[str]]], list[list[str]]], message: str
) -> None:
    path = tmp_path / "split.csv"
    write_split(split_names(spec_of(nette), 0), path)
    with path.open(newline="") as file:
        rows = change(list(csv.reader(file)))
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    with pytest.raises(TombolaError, match=message):
        load(spec_of(nette, split_file=str(path)), 0)


def test_a_split_file_that_is_not_there(nette: Path) -> None:
    with pytest.raises(TombolaError, match=r"data\.split_file = 'nowhere\.csv' cannot be read"):
        load(spec_of(nette, split_file="nowhere.csv"), 0)


def test_sets_that_cannot_be_divided_so(nette: Path) -> None:
    with pytest.raises(TombolaError, match="'digits' is no set of image files"):
        load_data("digits", split="published")
    with pytest.raises(TombolaError, match="no set of image files"):
        split_names(DataSpec(name="digits"), 0)
    with pytest.raises(TombolaError, match="this set has no published split"):
        load_data("folder", root=nette / "imagenette2" / "train", split="published", size=6)
    with pytest.raises(TombolaError, match="split file needs a split_file"):
        load_data("imagenette2", root=nette, split="file")
    with pytest.raises(TombolaError, match="no other split goes with one"):
        load_data("imagenette2", root=nette, split="published", split_file="x.csv")


def test_names_with_commas_and_quotes_survive(tmp_path: Path) -> None:
    names = {"train": ('a/"x", y.png',), "validation": ("b.png",), "test": ("c,d.png",)}
    write_split(names, tmp_path / "odd.csv")
    assert read_split(tmp_path / "odd.csv") == names


def test_squashed_images_lose_nothing_but_their_aspect_ratio(nette: Path) -> None:
    from PIL import Image

    cropped, squashed = (load(spec_of(nette, fit=fit), 0) for fit in ("crop", "squash"))
    assert squashed.input_shape == cropped.input_shape == (3, 6, 6)
    assert not torch.equal(squashed.test.images, cropped.test.images)
    with Image.open(nette / "imagenette2" / (squashed.test.names or ("",))[0]) as image:
        expected = image.convert("RGB").resize((6, 6), Image.Resampling.BILINEAR)
    assert squashed.test.images[0].permute(1, 2, 0).numpy().tobytes() == expected.tobytes()
    with pytest.raises(TombolaError, match=r"data\.fit = 'squash': images of 'digits' all have one size"):
        load_data("digits", fit="squash")
