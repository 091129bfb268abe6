from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tombola.cli.main import main
from tombola.data import read_split
from tombola.data.folders import Imagenette
from tombola.store import open_run


@pytest.fixture
def nette(tmp_path: Path) -> Path:
    """A tiny copy: two images per class and folder, one of them an ILSVRC validation image."""
    rng = np.random.default_rng(0)
    for part in ("train", "val"):
        for number, name in enumerate(Imagenette.folder_classes):
            folder = tmp_path / "images" / "imagenette2" / part / name
            folder.mkdir(parents=True)
            for file in (f"{name}_{number}.JPEG", f"ILSVRC2012_val_{number:08d}.JPEG"):
                Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(folder / file)
    return tmp_path / "images"


def test_info_tells_what_a_pretrained_backbone_has_seen(nette: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "info", "imagenette2", "--root", str(nette)]) == 0
    said = capsys.readouterr().out
    assert "10 of 20 images (50.0%) were in ImageNet's training set, 10 are ILSVRC validation images" in said
    assert main(["data", "info", "digits"]) == 0
    assert "ImageNet" not in capsys.readouterr().out


def test_split_writes_a_file_that_a_run_takes(nette: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "mine.csv"
    assert main(["data", "split", "imagenette2", "--root", str(nette), "--rule", "published", "--out", str(out)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(out)
    split = read_split(out)
    assert {part: len(files) for part, files in split.items()} == {"train": 20, "validation": 6, "test": 14}
    more = ["--data.name", "imagenette2", "--data.root", str(nette), "--data.size", "8", "--data.validation", "none"]
    more += ["--data.split_file", str(out), "--train.steps", "2", "--train.batch_size", "5"]
    more += ["--train.record_every", "1"]
    arguments = ["run", "lenet-digits", *more, "--data.normalisation", "imagenet", "--prune.levels", "1"]
    assert main([*arguments, "--replicates", "1", "--controls", "--out", str(tmp_path / "runs"), "--quiet"]) == 0
    run = open_run(next((tmp_path / "runs").iterdir()))
    assert read_split(run.path / "split.csv") == split
    assert run.spec.data.split == "file"


def test_a_set_that_is_no_files_cannot_be_written_down(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "split", "digits"]) == 2
    assert "no set of image files" in capsys.readouterr().err
