"""``tombola run --track``."""

from pathlib import Path

import pytest

from tombola.cli.main import main
from tombola.cli.run_command import gathered
from tombola.experiments.sinks import Sink, TrackedJob, sinks
from tombola.experiments.sinks.base import SinkKind
from tombola.store import Run

SHORT = ["run", "lenet-digits", "--train.steps", "10", "--train.record_every", "5", "--prune.levels", "0"]
SEEN: list[str] = []


class Memory(Sink):
    """Remembers the names of jobs; the broken one fails at the end."""

    broken = False

    def __init__(self, run: Run) -> None:
        pass

    def job(self, job: TrackedJob) -> None:
        SEEN.append(job.name)

    def close(self, table: object) -> None:
        if self.broken:
            raise ConnectionError("[no] network")


@pytest.fixture(autouse=True)
def _trackers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    SEEN.clear()
    monkeypatch.setitem(sinks._items, "memory", SinkKind(Memory, "json"))
    monkeypatch.setitem(sinks._items, "broken", SinkKind(type("Broken", (Memory,), {"broken": True}), "json"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("--quiet", "--quiet"),
        ("--track a", "--track a"),
        ("--track a b --quiet", "--quiet --track a b"),
        ("--track a --quiet --track b", "--quiet --track a b"),
        ("--track=a --seed 1 --track=b", "--seed 1 --track a b"),
        ("--seed 1 --track", "--seed 1 --track"),
    ],
)
def test_repeated_options_add_up(given: str, expected: str) -> None:
    assert gathered(given.split(), "--track") == expected.split()


def test_trackers_see_a_run_and_a_finished_run(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*SHORT, "--replicates", "1", "--workers", "1"]
    assert main([*arguments, "--track", "memory"]) == 0
    assert SEEN == ["replicate-0/level-00/ticket"]
    assert main([*arguments, "--track", "broken", "--track", "memory"]) == 0  # nothing to train: new trackers catch up
    assert SEEN == ["replicate-0/level-00/ticket"] * 2
    out, err = capsys.readouterr()
    assert len(set(out.split())) == 1
    assert err.count("warning: tracker broken is left out from here on (ConnectionError: [no] network)") == 1
    written = {file.name for file in Path(out.split()[0]).iterdir()}
    assert "tracking" in written
    assert main([*arguments, "--out", "untracked"]) == 0
    plain = Path(capsys.readouterr().out.strip())
    assert plain.name == Path(out.split()[0]).name
    assert {file.name for file in plain.iterdir()} == written - {"tracking"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--track", "tensorbord"], "unknown tracker 'tensorbord' (did you mean 'tensorboard'?)"),
        (["--track"], "--track: name tensorboard, wandb or both"),
    ],
)
def test_mistakes_stop_before_the_run(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main([*SHORT, *arguments]) == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
