"""``tombola control`` on real runs: it adds, and changes nothing that is there."""

import shutil
from pathlib import Path

import pytest
import torch

from tombola.cli.control_command import NAMES
from tombola.cli.main import main
from tombola.experiments import controls
from tombola.store import JobId, open_run

TINY = ["--train.steps", "20", "--train.record_every", "10", "--prune.levels", "2", "--workers", "1", "--quiet"]
ONE = ["--workers", "1"]


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): (file.stat().st_mtime_ns, file.read_bytes()) for file in files}


@pytest.fixture
def finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A finished run of two replicates and two pruned levels, in the current directory."""
    monkeypatch.chdir(tmp_path)
    assert main(["run", "lenet-digits", *TINY]) == 0
    return Path(capsys.readouterr().out.strip())


def test_help_and_list_name_every_control_that_ships(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(NAMES) == list(controls)
    with pytest.raises(SystemExit):
        main(["control", "--help"])
    help_text = " ".join(capsys.readouterr().out.split())
    assert main(["control", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name, line in zip(controls, lines, strict=True):
        assert name in help_text
        assert line.split("  ")[0] == name
        assert line.endswith(controls[name].summary)


def test_a_finished_run_grows_by_controls_and_keeps_its_bytes(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = everything(finished / "jobs")
    assert main(["control", str(finished), "shuffle-layerwise:2", "reinit", *ONE]) == 0
    said = capsys.readouterr()
    assert said.out.strip().endswith(finished.name)
    assert "8 of 18 jobs to do" in said.err
    assert "18 of 18 jobs done" in said.err
    assert "tickets of this run" not in said.err
    after = everything(finished / "jobs")
    assert {name: after[name] for name in before} == before
    run = open_run(finished)
    assert run.spec.controls == ("reinit:1", "shuffle-layerwise:2")
    assert {job.control for job in run.jobs} == {"none", "reinit", "shuffle-layerwise"}
    assert len(run.jobs) == 18
    assert main(["run", "lenet-digits", *TINY, "--controls", "shuffle-layerwise:2", "reinit:1", "--out", "once"]) == 0
    once = open_run(Path(capsys.readouterr().out.strip()))
    for job in run.jobs:
        grown, at_once = run.ticket(*job), once.ticket(*job)
        assert grown.info.key == at_once.info.key
        assert all(torch.equal(grown.trained[name], at_once.trained[name]) for name in grown.trained)


def test_more_repetitions_later_and_fewer_change_nothing(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["control", str(finished), "reinit", "--repetitions", "3", *ONE]) == 0
    assert "8 trained" in capsys.readouterr().err
    before = everything(finished)
    assert main(["control", str(finished), "reinit:2", *ONE]) == 0
    assert "nothing to do" in capsys.readouterr().err
    assert everything(finished) == before


def test_a_run_without_some_tickets_is_finished_on_the_way(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # as a killed run leaves it: the last level of one replicate is missing
    shutil.rmtree(finished / "jobs" / "1" / "2")
    assert main(["control", str(finished), "other-ticket", *ONE]) == 0
    assert "1 tickets of this run are still to do" in capsys.readouterr().err
    run = open_run(finished)
    assert len(run.jobs) == 14
    assert run.ticket(0, 2, "other-ticket").mask == run.ticket(1, 2).mask


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "needs a RUN and the NAME of a control"),
        (["RUN"], "needs a RUN and the NAME of a control"),
        (["RUN", "reinitt"], "unknown control 'reinitt' (did you mean 'reinit'?)"),
        (["RUN", "none"], "unknown control 'none'"),
        (["RUN", "reinit:0"], "'reinit:0' is not of the form name or name:repetitions"),
        (["RUN", "reinit", "reinit:2"], "'reinit' is named twice"),
        (["RUN", "reinit:2", "--repetitions", "3"], "'reinit:2' and --repetitions 3 both say how often"),
        (["RUN", "reinit", "--repetitions", "0"], "--repetitions 0: give a positive number"),
        (["RUN", "reinit", "--workers", "x"], "--workers x"),
        (["RUN", "other-ticket:2"], "needs at least 3 with 2 repetitions, not replicates = 2"),
        (["RUN", "dense-short:2"], "repetitions would be copies"),
        (["nowhere", "reinit"], "nowhere is no run folder"),
    ],
)
def test_mistakes_are_one_sentence_and_touch_nothing(
    arguments: list[str], sentence: str, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = everything(finished)
    assert main(["control", *(str(finished) if text == "RUN" else text for text in arguments)]) == 2
    said = capsys.readouterr()
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert everything(finished) == before


def test_a_run_of_the_dense_level_only_has_nothing_to_control(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    flat = ["--train.steps", "10", "--train.record_every", "10", "--prune.levels", "0", "--replicates", "1"]
    assert main(["run", "lenet-digits", *flat, "--controls", "--workers", "1", "--quiet"]) == 0
    folder = capsys.readouterr().out.strip()
    assert main(["control", folder, "reinit"]) == 2
    assert "has no pruned level (prune.levels = 0)" in capsys.readouterr().err
    assert main(["control", folder, "other-order", *ONE, "--quiet"]) == 0
    assert len(open_run(folder).jobs) == 2


def test_nothing_is_added_to_a_run_whose_plugin_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [str(tmp_path), *sys.path])
    plugin = tmp_path / "my_changing_plugin.py"
    plugin.write_text("VERSION = 1\n")
    short = ["--train.steps", "10", "--train.record_every", "10", "--prune.levels", "1", "--replicates", "1"]
    assert main(["run", "lenet-digits", *short, "--plugins", "my_changing_plugin", *ONE, "--quiet"]) == 0
    folder = capsys.readouterr().out.strip()
    sys.modules.pop("my_changing_plugin")
    plugin.write_text("VERSION = 'another'\n")
    before = everything(tmp_path / "runs")
    assert main(["control", folder, "weights-shuffled", "--trust", *ONE]) == 2
    assert "was made with other data or plug-ins" in capsys.readouterr().err
    assert everything(tmp_path / "runs") == before
    sys.modules.pop("my_changing_plugin")


def test_jobs_of_a_control_lie_beside_their_ticket(finished: Path) -> None:
    assert main(["control", str(finished), "weights-shuffled", *ONE, "--quiet"]) == 0
    job = JobId(1, 2, "weights-shuffled")
    assert (finished / "jobs" / "1" / "2" / "weights-shuffled" / "0" / "job.json").is_file()
    assert open_run(finished).jobs[job].parent == "1/2/none/0"


def test_many_controls_stand_below_each_other_and_the_density_is_the_tickets(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["control", str(finished), "weights-shuffled-keep-signs", "dense-short", *ONE, "--quiet"]) == 0
    capsys.readouterr()
    assert main(["show", str(finished)]) == 0
    lines = capsys.readouterr().out.splitlines()
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines if line.startswith("│")]
    density = open_run(finished).ticket(0, 2).mask.density
    names = ["ticket", "dense-short", "reinit", "weights-shuffled-keep-signs"]
    assert [row[2] for row in cells if row[2]] == ["ticket", *names, *names]
    assert [row[1] for row in cells if row[0] == "2"] == [f"{density:.4f}"]
    assert all(row[3].endswith("%") and row[5] == "2" for row in cells)
