"""The commands as a user meets them: real processes where signals and streams matter, `main` where only text does."""

import subprocess
import sys
import time
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
import yaml

from tombola.cli.main import COMMANDS, main
from tombola.specs import preset_names
from tombola.store import open_run

SHORT = ["--train.steps", "20", "--train.record_every", "10", "--prune.levels", "1", "--workers", "1"]


def run_tombola(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tombola.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def called(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Do in this process what `run_tombola` does in one of its own, which spends seconds on starting."""
    out, err = StringIO(), StringIO()
    with chdir(cwd), redirect_stdout(out), redirect_stderr(err):
        code = main(list(arguments))
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    code = "import sys; from tombola.cli.main import main; main(['--help'])"
    code += "; print({'torch', 'numpy', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(f"  {name}" in done.stdout for name in COMMANDS)
    assert done.stdout.splitlines()[-1] == "set()"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_without_torch(name: str) -> None:
    code = f"import sys\nfrom tombola.cli.main import main\ntry:\n    main([{name!r}, '--help'])\n"
    code += "except SystemExit as stop:\n    print('code', stop.code, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "code 0 False", done.stderr
    assert "usage: tombola" in done.stdout


def test_help_of_a_preset_shows_every_field_with_its_value(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "conv2-cifar10", "--help"])
    text = capsys.readouterr().out
    for field in (
        "--train.lr",
        "--prune.conv_rate",
        "--data.root",
        "--train.schedule.kind",
        "--controls",
        "--train.steps",
        "--dry_run",
    ):
        assert field in text
    assert "64 64 M" in text
    assert "0.0002" in text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["rnu"], "unknown command 'rnu' (did you mean 'run'?)"),
        (["run"], "name a preset"),
        (["run", "lenet-digitz"], "unknown preset 'lenet-digitz' (did you mean 'lenet-digits'?)"),
        (["run", "lenet-digits", "--train.lrr", "1"], "unknown option '--train.lrr' (did you mean '--train.lr'?)"),
        (["run", "lenet-digits", "--train.lr"], "--train.lr"),
        (["run", "lenet-digits", "--train.lr", "-1"], "train.lr = '-1'"),
        (["run", "lenet-digits", "--prune.linear_rate", "1"], "prune.linear_rate = '1'"),
        (["run", "lenet-digits", "--workers", "0"], "--workers 0"),
        (["run", "lenet-digits", "--network.conv", "64", "x"], "token 'x' at position 2"),
        (["run", "lenet-digits", "extra"], "unexpected argument 'extra'"),
        (["run", "lenet-digits", "--spec", "none.yaml"], "cannot read the spec file none.yaml"),
        (["run", "mnist", "--data.root", "/nowhere"], "unknown preset 'mnist'"),
        (["run", "lenet-mnist", "--data.root", "/nowhere"], "/nowhere"),
        (["show", "nowhere"], "nowhere is no run folder"),
        (["resume", "nowhere"], "nowhere is no run folder"),
        (["report", "nowhere"], "nowhere is no run folder"),
        (["report"], "report needs RUN: the run folder (see"),
        (["export", "r", "--pruning-fromat", "torch"], "'--pruning-fromat' (did you mean '--pruning-format'?)"),
        (["gc", "r", "--dry_rnu"], "(did you mean '--dry-run'?)"),
        (["gc", "r", "--keep", "all"], "; choose from early-stop, masks (see"),
        (["run", "lenet-digits", "--out"], "Missing value for argument '--out'; give one (see"),
        (["data", "pull", "mnst"], "(did you mean 'mnist'?)"),
        (["presets", "nothing"], "unknown preset 'nothing'"),
        (["data", "lst"], "unknown action 'lst' (did you mean 'list'?)"),
        (["data", "info"], "needs the NAME"),
        (["data", "info", "minst"], "minst"),
        (["version", "--loud"], "--loud"),
    ],
)
def test_mistakes_exit_2_with_one_sentence(
    arguments: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert sentence in said.err
    assert said.err.startswith("tombola: ")
    assert said.err.count("\n") == 1, said.err
    assert list(tmp_path.iterdir()) == []


def test_run_show_report_resume(tmp_path: Path) -> None:
    done = run_tombola("run", "lenet-digits", *SHORT, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = done.stdout.splitlines()[-1]
    assert done.stdout.count("\n") == 1
    assert folder.startswith("runs/lenet-digits-")
    assert "estimated: about" in done.stderr
    assert "6 of 6 jobs done" in done.stderr
    assert done.stderr.count("left") >= 6, "plain lines when not a terminal"
    again = run_tombola("run", "lenet-digits", *SHORT, cwd=tmp_path)
    assert "nothing to do" in again.stderr
    shown = called("show", folder, cwd=tmp_path)
    assert "6 of 6 jobs done" in shown.stdout
    assert "reinit" in shown.stdout
    table = called("show", folder, "--csv", cwd=tmp_path).stdout.splitlines()
    assert len(table) == 7
    assert len(called("show", folder, "--jobs", cwd=tmp_path).stdout.splitlines()) > 8
    report = called("report", folder, "-o", "page.html", cwd=tmp_path)
    assert report.stdout.strip() == "page.html"
    assert (tmp_path / "page.html").read_text().lstrip().lower().startswith("<!doctype html>")
    assert called("report", folder, cwd=tmp_path).stdout.strip() == f"{folder}/report.html"
    assert run_tombola("resume", folder, cwd=tmp_path).stdout.strip().endswith(folder)


def test_dry_run_is_exact_and_writes_nothing(tmp_path: Path) -> None:
    done = called("run", "lenet-mnist-5k", "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "39 jobs (21 tickets, 18 reinit)" in done.stdout
    assert "235,200" in done.stdout
    assert "141,120" in done.stdout
    assert "estimated: about" in done.stdout
    assert "linear_rate: 0.4" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("runs/lenet-mnist-5k-")
    assert list(tmp_path.iterdir()) == []


def test_dry_run_of_a_deep_network_cuts_no_name(tmp_path: Path) -> None:
    arguments = [
        "--network.conv",
        *["2"] * 11,
        "--network.linear",
        "4",
        "--network.family",
        "conv",
        "--prune.levels",
        "2",
    ]
    done = called("run", "lenet-digits", *arguments, "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[3] for line in lines if "conv.20.weight" in line] == ["36"], "the dense layer"
    assert "layers, dense and at level 2" in done.stdout
    assert "…" not in done.stdout


def test_dry_run_of_global_pruning_is_exact_in_total(tmp_path: Path) -> None:
    done = called("run", "lenet-digits", "--prune.allocation", "global", "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "by score" in done.stdout


def test_a_spec_file_reproduces_a_run(tmp_path: Path) -> None:
    first = called("run", "lenet-digits", *SHORT, cwd=tmp_path).stdout.strip()
    spec = tmp_path / first / "spec.yaml"
    assert yaml.safe_load(spec.read_text())["schema"] == 1
    again = called("run", "--spec", str(spec), "--workers", "1", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert again.stdout.strip() == first
    assert "nothing to do" in again.stderr


def test_failed_jobs_exit_1_and_can_be_tried_again(tmp_path: Path) -> None:
    wild = ["--train.optimiser", "sgd", "--train.lr", "1e30", "--network.activation", "relu"]
    done = run_tombola("run", "lenet-digits", *SHORT, *wild, cwd=tmp_path)
    assert done.returncode == 1
    assert "failed: " in done.stderr
    assert "cannot run because a job they need failed" in done.stderr
    folder = done.stdout.strip()
    assert called("run", "lenet-digits", *SHORT, *wild, cwd=tmp_path).returncode == 1
    assert len(open_run(tmp_path / folder).jobs) == 2
    retried = called("resume", folder, "--retry-failed", "--workers", "1", cwd=tmp_path)
    assert retried.returncode == 1
    assert "2 trained" in retried.stderr
    assert "failed" in called("show", folder, cwd=tmp_path).stdout
    assert called("report", folder, cwd=tmp_path).returncode == 0


def test_presets_are_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["presets"]) == 0
    text = capsys.readouterr().out
    assert all(f"{name} " in text for name in preset_names())
    assert main(["presets", "tiny-cifar10"]) == 0
    assert yaml.safe_load(capsys.readouterr().out)["train"]["lr"] == 8e-4


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert "torch" in capsys.readouterr().out


def test_data_list_and_info(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "list"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in ("mnist-5k", "digits", "cifar10", "svhn", "imagenette"))
    assert main(["data", "info", "mnist-5k"]) == 0
    assert "4000" in capsys.readouterr().out.replace(",", "")


def test_a_terminal_gets_a_live_display(tmp_path: Path) -> None:
    import pty

    parent, child = pty.openpty()
    command = [sys.executable, "-m", "tombola.cli.main", "run", "lenet-digits", *SHORT, "--out", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=child, stdin=child)
    import os

    os.close(child)
    shown = b""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            piece = os.read(parent, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    process.wait(timeout=30)
    assert process.returncode == 0
    text = shown.decode(errors="replace")
    assert "time left" in text
    assert "replicate 0" in text
    assert "6/6 jobs" in text
