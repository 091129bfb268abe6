"""Studies of pictures drawn elsewhere: a folder and a table."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tombola.cli.main import main
from tombola.errors import TombolaError
from tombola.study.design import build, open_study, study_spec
from tombola.study.design.own_pictures import own_material, read_pixels, read_table

HEAD = ("image", "class", "condition", "file", "original", "predicted", "kind")


def picture(file: Path, value: int) -> str:
    Image.fromarray(np.full((16, 16, 3), value, np.uint8)).save(file)
    return file.name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four images under two conditions, one attention check; written with a few traps for careless readers."""
    place = tmp_path / "mine"
    place.mkdir()
    rows = []
    for image in range(1, 5):
        original = picture(place / f"original{image}.png", image)
        for number, condition in enumerate(("dense", "NA")):
            file = picture(place / f"{image}{condition}.jpg", 10 * image + number)
            rows.append((image, "null" if image % 2 else "dog", condition, file, original, "", ""))
    for number, condition in enumerate(("genuine", "shuffled")):
        rows.append((9, "dog", condition, picture(place / f"g{number}.png", 100 + number), "original1.png", "", "gold"))
    with (place / "pictures.csv").open("w", newline="") as file:
        csv.writer(file).writerows([HEAD, *rows])
    return place


def edit(folder: Path, old: str, new: str) -> None:
    file = folder / "pictures.csv"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))


def test_names_such_as_na_and_null_are_names(folder: Path, tmp_path: Path) -> None:
    table = read_table(folder, "pairwise")
    spec = study_spec({"conditions": ["dense", "NA"], "classes": ["dog", "null"], "gold": 1, "practice": 0})
    study = build(tmp_path / "s", spec, own_material(folder, table, spec))
    assert len(study.cells) == 4
    truths = [truth for truth in study.truth.values() if truth.left]
    assert {truth.image_class for truth in truths} == {"dog", "null"}
    assert {truth.left for truth in truths} == {"dense", "NA", "genuine", "shuffled"}


def test_the_command_makes_a_study_of_them(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "s"
    assert main(["study", "design", "--from-pictures", str(folder), "--raters", "2", "--out", str(out)]) == 0
    told = capsys.readouterr()
    assert told.out.strip() == str(out)
    assert "4 images x 1 = 4 cells x 2 raters = 8 answers" in told.err
    assert "NO" not in told.err
    study = open_study(out)
    assert study.spec.classes == ("dog", "null")
    assert (study.spec.gold, study.spec.practice) == (1, 0)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("image,class", "image,klass", "unknown column 'klass'"),
        ("1,null", "one,null", "line 2: image = 'one'"),
        ("1,null,dense", "1,,dense", "line 2: 'class' is empty"),
        ("1,null,NA", "1,dog,NA", "image 1 has several values of 'class'"),
        (",gold", ",golden", "kind = 'golden'"),
        ("1dense.jpg", "missing.jpg", "cannot read the picture"),
        ("1,null,NA", "1,null,dense", "condition 'dense' twice"),
    ],
)
def test_mistakes_in_the_table_are_told_with_their_place(folder: Path, old: str, new: str, sentence: str) -> None:
    edit(folder, old, new)
    spec = study_spec({"conditions": ["dense", "NA"], "classes": ["dog", "null"]})
    with pytest.raises(TombolaError, match=sentence):
        own_material(folder, read_table(folder, "pairwise"), spec)


def test_a_task_says_which_columns_it_needs(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TombolaError, match="no column 'candidate', which task distinction needs"):
        read_table(folder, "distinction")
    with pytest.raises(TombolaError, match=r"cannot read .*pictures\.csv"):
        read_table(tmp_path, "pairwise")


def test_nothing_but_pixels_of_a_picture_is_read(tmp_path: Path) -> None:
    """Section 7.3: a camera's notes, such as place and time, must not reach participants."""
    image = Image.fromarray(np.zeros((4, 6, 3), np.uint8))
    notes = image.getexif()
    notes[0x010E], notes[0x0112] = "2pruned_dog", 6
    image.save(tmp_path / "p.jpg", exif=notes)
    assert read_pixels(tmp_path / "p.jpg").shape == (6, 4, 3), "turned as the camera says"
