"""``tombola import`` as a user meets it, and what can be done with what it made."""

import runpy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.utils import prune

from tombola.cli.main import main
from tombola.store import JobId, open_run

EXPERIMENTS = Path(__file__).parents[1] / "interop" / "playground_files.py"


@pytest.fixture(scope="module")
def files() -> dict[str, Any]:
    return runpy.run_path(str(EXPERIMENTS))


@pytest.fixture
def run(files: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    place = files["Experiment"]().write(tmp_path)
    assert main(["import", "playground", str(place), "--out", str(tmp_path / "runs")]) == 0
    return Path(capsys.readouterr().out.strip())


def test_the_last_line_is_the_run_folder_and_the_rest_is_told(
    files: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = files["Experiment"](early_stop=False).write(tmp_path)
    Path(f"{place}-net1.pth").unlink()
    assert main(["import", "playground", str(place), "--out", str(tmp_path / "runs")]) == 0
    told = capsys.readouterr()
    assert Path(told.out.strip()).parent == tmp_path / "runs"
    assert "14 trainings imported" in told.err
    assert "warning: 2020_09_08-17_03_11-Lenet-MNIST-net1.pth is missing" in told.err
    assert "unknown: Masks of replicate 1 at level 1, 2" in told.err


def test_an_imported_run_is_shown_reported_and_compared(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(run)]) == 0
    assert "14 of 14 jobs done" in capsys.readouterr().out
    assert main(["show", str(run), "--jobs"]) == 0
    assert main(["report", str(run)]) == 0
    page = (run / "report.html").read_text()
    for text in ("imported", "reinit", "batch-mean", "lottery-ticket playground", "2020-09-08T17:03:11"):
        assert text in page
    assert main(["compare", str(run)]) == 0


def test_an_imported_run_is_not_trained_further(run: Path, capsys: pytest.CaptureFixture[str], data_root: Path) -> None:
    before = sorted(run.rglob("*"))
    assert main(["resume", str(run)]) == 2
    sentence = capsys.readouterr().err
    assert "was imported from another framework, so its networks cannot be trained further" in sentence
    assert sentence.count("\n") == 1
    name = "2020_09_08-17_03_11-Lenet-MNIST"
    again = ["run", "--spec", str(run / "spec.yaml"), "--out", str(run.parent), "--name", name]
    for more in ([], ["--replicates", "3"], ["--prune.levels", "4"]):
        assert main([*again, "--data.root", str(data_root), *more]) == 2
        assert "was imported" in capsys.readouterr().err
    assert sorted(run.rglob("*")) == before
    assert list(run.parent.iterdir()) == [run]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["keras", "x"], "unknown import format 'keras'"),
        (["playgruond", "x"], "did you mean 'playground'?"),
        (["playground"], "PREFIX"),
        (["playground", "nowhere/2020"], "no experiment begins with nowhere/2020"),
        (["open-lth", "nowhere"], "nowhere is no folder"),
        (["playground", "x", "--limit", "0"], "--limit 0.0: give a positive number"),
        (["playground", "x", "--output", "y"], "--output is for state-dict"),
        (["state-dict", "nowhere.pth"], "cannot read nowhere.pth"),
    ],
)
def test_mistakes_are_one_sentence(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", *arguments]) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1


def test_the_limit_is_the_users(files: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = files["Experiment"]().write(tmp_path)
    arguments = ["import", "playground", str(place), "--out", str(tmp_path / "runs"), "--limit", "0.00005"]
    assert main(arguments) == 2
    assert "more than the limit of 53,687" in capsys.readouterr().err


def test_a_foreign_state_dict_becomes_a_ticket_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tombola.interop.state_dict import read_state_dict

    layer = torch.nn.Linear(4, 3)
    prune.l1_unstructured(layer, "weight", 5)
    torch.save(layer.state_dict(), tmp_path / "pruned.pth")
    assert main(["import", "state-dict", str(tmp_path / "pruned.pth")]) == 0
    told = capsys.readouterr()
    assert told.out.strip() == str(tmp_path / "pruned.safetensors")
    assert "2 tensors, density 0.5833" in told.err
    state, mask = read_state_dict(tmp_path / "pruned.safetensors")
    assert mask is not None
    assert mask.count == 7
    assert torch.equal(state["weight"], layer.weight)
    assert main(["import", "state-dict", str(tmp_path / "pruned.pth")]) == 2
    assert "is there already" in capsys.readouterr().err


def test_open_lth_folders_become_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main_folder = tmp_path / "lottery_1" / "replicate_1" / "level_0" / "main"
    main_folder.mkdir(parents=True)
    (main_folder / "logger").write_text("test_accuracy,0,0.1\ntest_accuracy,100,0.9")
    torch.save({"fc.weight": torch.ones(10, 784)}, main_folder / "mask.pth")
    assert main(["import", "open-lth", str(tmp_path / "lottery_1"), "--out", str(tmp_path / "runs")]) == 0
    made = open_run(capsys.readouterr().out.strip())
    assert made.jobs[JobId(0, 0)].density == 1
