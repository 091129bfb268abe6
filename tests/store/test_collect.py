import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tombola.errors import TombolaError
from tombola.experiments import run
from tombola.specs import ExperimentSpec, resolve
from tombola.store import JobId, Run, collect, open_run
from tombola.store.collect import Keep, Protection, pieces

SPEC = resolve(
    "lenet-digits",
    changes={
        "train": {"steps": 12, "record_every": 6},
        "prune": {"levels": 2},
        "replicates": 2,
        "controls": ["reinit:2"],
    },
)
GROWS = Protection(trained={JobId(0, 2), JobId(1, 2)})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run that kept everything."""
    return run(SPEC, tmp_path_factory.mktemp("whole")).path


@pytest.fixture
def copied(whole: Path, tmp_path: Path) -> Run:
    return open_run(shutil.copytree(whole, tmp_path / whole.name))


def contents(path: Path) -> dict[str, bytes]:
    """All states, byte by byte."""
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*.safetensors")}


def policy(keep: str) -> ExperimentSpec:
    return SPEC.with_(store={"keep": keep})


@pytest.mark.parametrize("keep", ["early-stop", "masks"])
def test_afterwards_the_folder_is_as_if_the_policy_had_always_been(keep: Keep, copied: Run, tmp_path: Path) -> None:
    records = {file: file.read_bytes() for file in copied.path.rglob("*.npz")}
    freed = pieces(copied, keep, GROWS)
    before = sum(file.stat().st_size for file in copied.path.rglob("*") if file.is_file())
    total = collect.collect(copied.folder, freed)
    after = sum(file.stat().st_size for file in copied.path.rglob("*") if file.is_file())
    assert total == before - after > 0
    assert sum(piece.size for piece in freed) == pytest.approx(total, rel=0.15)
    assert contents(copied.path) == contents(run(policy(keep), tmp_path / "other").path)
    assert all(file.read_bytes() == content for file, content in records.items())
    assert pieces(open_run(copied.path), keep, GROWS) == []
    assert not list(copied.folder.workshop.glob("*"))


def test_modes_of_files_stay(copied: Run) -> None:
    file = copied.folder.job(JobId(0, 1)) / "ticket.safetensors"
    file.chmod(0o640)
    collect.collect(copied.folder, pieces(copied, "masks", GROWS))
    assert file.stat().st_mode & 0o777 == 0o640


def test_looking_changes_nothing(copied: Run) -> None:
    before = contents(copied.path)
    assert {piece.what for piece in pieces(copied, "masks", GROWS)} == set(collect.NAMES) - {collect.SCORES}
    assert pieces(copied, "all", GROWS) == []
    assert contents(copied.path) == before


def test_scores_of_a_search_go_with_either_policy(copied: Run) -> None:
    file = copied.folder.job(JobId(0, 1)) / collect.SCORES
    file.write_bytes(bytes(100))
    for keep in ("early-stop", "masks"):
        assert [piece.size for piece in pieces(copied, keep, GROWS) if piece.what == collect.SCORES] == [100]
    collect.collect(copied.folder, pieces(copied, "early-stop", GROWS))
    assert not file.exists()


def test_protection(copied: Run) -> None:
    job, other = JobId(0, 1), JobId(1, 1)
    found = pieces(copied, "masks", Protection(whole={job}, trained={other}))
    assert not [piece for piece in found if piece.job == job]
    assert {piece.what for piece in found if piece.job == other} == {collect.EARLY_STOP, collect.INITIAL_WEIGHTS}


def test_the_dense_initial_state_always_stays(copied: Run) -> None:
    wanted = {name: value.clone() for name, value in copied.ticket(0, 0).initial.items()}
    collect.collect(copied.folder, pieces(copied, "masks", Protection()))
    found = open_run(copied.path).ticket(0, 0).initial
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    assert open_run(copied.path).ticket(0, 2).mask == copied.ticket(0, 2).mask


def test_interrupted_at_any_point_it_goes_on(copied: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every single step may be the last: all jobs stay readable, and doing it again ends in the same folder."""
    whole = Path(shutil.copytree(copied.path, tmp_path / "other" / copied.path.name))
    collect.collect(open_run(whole).folder, pieces(open_run(whole), "masks", GROWS))
    wanted = contents(whole)

    class Killed(BaseException):
        pass

    original = collect.sync
    for step in range(200):
        count = iter(range(step + 1))

        def stop(path: Path, count: Iterator[int] = count, step: int = step) -> None:
            if next(count) == step:
                raise Killed
            original(path)

        monkeypatch.setattr(collect, "sync", stop)
        try:
            collect.collect(copied.folder, pieces(open_run(copied.path), "masks", GROWS))
        except Killed:
            opened = open_run(copied.path)
            for job in opened.jobs:
                assert opened.ticket(*job).mask.density == opened.jobs[job].density
            continue
        break
    assert contents(copied.path) == wanted
    assert step > 0


def test_a_damaged_ticket_is_named(copied: Run) -> None:
    file = copied.folder.job(JobId(1, 1)) / "ticket.safetensors"
    for content in (b"", b"\xff" * 40, b"\x02\0\0\0\0\0\0\0[]"):
        file.write_bytes(content)
        with pytest.raises(TombolaError, match=r"ticket\.safetensors is damaged"):
            pieces(copied, "masks", GROWS)
    file.unlink()
    assert not [p for p in pieces(copied, "masks", GROWS) if (p.job, p.what) == (JobId(1, 1), collect.INITIAL_WEIGHTS)]
