"""Export: a batch of pictures for MTurk that comes back through the importer, and the codebook."""

import csv
from pathlib import Path

import pytest
from PIL import Image

from tombola.cli.main import main
from tombola.errors import TombolaError
from tombola.study.answers import COLUMNS
from tombola.study.design import Study, synthetic_study
from tombola.study.design.batch import compose_batch
from tombola.study.design.codebook import MEANING, codebook
from tombola.study.files import read_key
from tombola.study.files.pictures import resolve_picture

SIZE = (900, 300)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return synthetic_study(tmp_path_factory.mktemp("export") / "s", classes=3, images_per_class=2, raters=4, gold=1)


def test_one_picture_per_cell_blinded_and_known_to_the_importer(study: Study, tmp_path: Path) -> None:
    batch = compose_batch(study, tmp_path / "out", size=SIZE)
    files = sorted((tmp_path / "out").iterdir())
    assert [file.stem for file in files] == list(batch.names)
    assert len(files) == 6 * 3 + 1
    assert len({(file.stat().st_size, file.stat().st_mtime_ns) for file in files}) == 1
    assert not {name for trial in study.trials.values() for name in (trial.name, *[p.name for p in trial.pictures])} & {
        *batch.names
    }
    assert all(Image.open(file).size == SIZE for file in files)
    key = read_key(batch.key)
    shown = [resolve_picture(f"https://example.org/{name}.png", key) for name in batch.names]
    main_pairs = [{one.left, one.right} for one in shown if one.kind == "main"]
    assert len(main_pairs) == 18
    for pair in study.spec.pairs:
        assert main_pairs.count(set(pair)) == 6
    assert {one.left for one in shown if one.kind == "gold"} <= {"genuine", "shuffled"}


def test_composed_sides_are_those_of_the_key(study: Study, tmp_path: Path) -> None:
    """The middle of the left third shows the left map: compare with the picture that the trial has there."""
    from tombola.study.design.own_pictures import read_pixels

    batch = compose_batch(study, tmp_path / "out", size=SIZE)
    with batch.key.open() as file:
        rows = {row["public_id"]: row for row in csv.DictReader(file)}
    for name in batch.names[:5]:
        trial = study.trials[rows[name]["trial"]]
        assert study.truth[trial.name].left == rows[name]["left"]
        composed = read_pixels(tmp_path / "out" / f"{name}.png")
        for number, picture in enumerate(trial.pictures):
            ground = read_pixels(study.public_folder / f"{picture.name}.png")[0, 0]  # tiles have a coloured rim
            third = composed[100:, number * 300 + 20 : number * 300 + 280].reshape(-1, 3)
            assert (third == ground).all(axis=1).sum() > 500


def test_both_sides_are_two_pictures_for_half_the_raters(study: Study, tmp_path: Path) -> None:
    batch = compose_batch(study, tmp_path / "out", size=SIZE, sides="both", gold=False)
    assert (len(batch.names), batch.raters) == (36, 2)
    odd = synthetic_study(tmp_path / "odd", classes=3, images_per_class=1, raters=3)
    with pytest.raises(TombolaError, match="even number of raters, not 3"):
        compose_batch(odd, tmp_path / "o", sides="both")


def test_tasks_that_need_more_than_one_picture_are_refused(tmp_path: Path) -> None:
    study = synthetic_study(tmp_path / "s", "agreement", classes=3, images_per_class=1)
    with pytest.raises(TombolaError, match="does not fit into one picture"):
        compose_batch(study, tmp_path / "o")


def test_the_command_writes_a_batch_file_of_blinded_addresses(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["study", "export", str(study.path), "--mturk", "--out", str(tmp_path), "--size", "900x300"]
    assert main([*arguments, "--base", "https://example.org/p"]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "batch.csv")
    lines = (tmp_path / "batch.csv").read_text().splitlines()
    assert lines[0] == "image_url"
    assert len(lines) == 20
    assert all(line.startswith("https://example.org/p/") and len(line.split("/")[-1]) == 36 for line in lines[1:])
    assert main([*arguments[:-1], "9by3"]) == 2
    assert "size = 9by3" in capsys.readouterr().err


def test_the_codebook_explains_every_column_and_no_other(study: Study) -> None:
    assert set(MEANING) == set(COLUMNS)
    rows = list(csv.DictReader(codebook(study).splitlines()))
    assert [row["column"] for row in rows] == list(COLUMNS)
    assert all(row["meaning"] for row in rows)
    assert rows[7]["values"] == "nonpruned; 2pruned; 32pruned"


def test_without_answers_there_is_nothing_to_export(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "export", str(study.path)]) == 2
    assert "has no answers yet" in capsys.readouterr().err
