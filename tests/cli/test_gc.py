import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tombola.cli.main import main
from tombola.experiments import run
from tombola.specs import resolve
from tombola.store import open_run

SPEC = resolve("lenet-digits", changes={"train": {"steps": 12, "record_every": 6}, "prune": {"levels": 2}})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(SPEC, tmp_path_factory.mktemp("whole")).path


@pytest.fixture
def path(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / whole.name))


def contents(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_dry_run_lists_and_touches_nothing(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(path)
    assert main(["gc", str(path), "--keep", "masks", "--dry-run"]) == 0
    text = capsys.readouterr().out
    assert "would free" in text
    assert "replicate 1, level 2, reinit 0: early-stop state" in text
    assert "stays: trained state of level 2, from which further levels are made" in text
    assert contents(path) == before


def test_freeing_says_what_and_everything_still_works(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = open_run(path).early_stop_table()
    assert main(["gc", str(path), "--keep", "masks"]) == 0
    text = capsys.readouterr().out
    assert "frees" in text
    assert "freed" in text
    assert "gc: keep masks, freed" in (path / "log.txt").read_text()
    assert open_run(path).early_stop_table().equals(table)
    assert main(["report", str(path)]) == 0
    assert main(["compare", str(path)]) == 0
    assert main(["resume", str(path), "--workers", "1", "--quiet"]) == 0
    capsys.readouterr()
    assert main(["gc", str(path), "--keep", "masks"]) == 0
    assert "frees nothing" in capsys.readouterr().out


def test_a_state_that_is_gone_says_how_to_have_it_back(path: Path) -> None:
    from tombola.errors import TombolaError

    main(["gc", str(path), "--keep", "early-stop"])
    with pytest.raises(TombolaError, match=r"trained state of replicate 0, level 0 was not kept .* delete jobs/0"):
        _ = open_run(path).ticket(0, 0).trained
    assert open_run(path).ticket(0, 2).trained


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "gc needs the RUN folders"),
        (["nowhere", "--keep", "masks"], "nowhere is no run folder"),
        (["RUN"], "store.keep = 'all'"),
        (["RUN", "--keep", "all"], "--keep"),
        (["RUN", "nowhere", "--keep", "masks"], "nowhere is no run folder"),
    ],
)
def test_mistakes_free_nothing(
    arguments: list[str], sentence: str, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(path)
    assert main(["gc", *(str(path) if word == "RUN" else word for word in arguments)]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert contents(path) == before


def test_a_run_that_is_being_written_is_left_alone(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = "import sys, time; from pathlib import Path; from tombola.store import RunFolder\n"
    code += f"lock = RunFolder(Path({str(path)!r})).writing(); print('held', flush=True); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert main(["gc", str(path), "--keep", "masks"]) == 2
        assert "another process is writing" in capsys.readouterr().err
    finally:
        holder.kill()
        holder.wait()


def test_sigkill_at_any_moment_damages_no_job(path: Path, tmp_path: Path, whole: Path) -> None:
    """Killed as soon as something has changed; afterwards the same folder as undisturbed."""
    undisturbed = Path(shutil.copytree(whole, tmp_path / "other" / whole.name))
    assert main(["gc", str(undisturbed), "--keep", "masks"]) == 0
    before = len(list(path.rglob("*.safetensors")))
    command = [sys.executable, "-m", "tombola.cli.main", "gc", str(path), "--keep", "masks"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 60
    while len(list(path.rglob("*.safetensors"))) == before and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.0005)
    os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
    process.wait()
    opened = open_run(path)
    for job in opened.jobs:
        assert opened.ticket(*job).mask.density == opened.jobs[job].density
    assert main(["gc", str(path), "--keep", "masks"]) == 0
    states = [{k: v for k, v in contents(p).items() if k.endswith("safetensors")} for p in (path, undisturbed)]
    assert states[0] == states[1]
