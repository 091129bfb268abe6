"""Results depend on the spec alone: not on workers, repetition, growth, or the order jobs run in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tombola.experiments import run
from tombola.specs import ExperimentSpec
from tombola.store import Run, open_run

Results = Callable[[Path], dict[str, str]]


def everything(path: Path) -> dict[str, tuple[int, bytes]]:
    return {str(f.relative_to(path)): (f.stat().st_mtime_ns, f.read_bytes()) for f in path.rglob("*") if f.is_file()}


def test_a_finished_run_writes_nothing(tiny_spec: ExperimentSpec, tmp_path: Path) -> None:
    outcome = run(tiny_spec, tmp_path)
    assert outcome.trained == len(list((outcome.path / "jobs").rglob("job.json"))) == 2 * (3 + 2)
    before = everything(tmp_path)
    again = run(tiny_spec, tmp_path, workers=2)
    assert again.complete
    assert again.trained == 0
    assert everything(tmp_path) == before


def test_workers_do_not_matter(tiny_spec: ExperimentSpec, tmp_path: Path, results: Results) -> None:
    one = run(tiny_spec, tmp_path / "one", workers=1)
    two = run(tiny_spec, tmp_path / "two", workers=2)
    assert results(one.path) == results(two.path)
    assert len(results(one.path)) == 4 * 10


def test_growth_keeps_old_bytes_and_equals_a_run_made_large_at_once(
    tiny_spec: ExperimentSpec, tmp_path: Path, results: Results
) -> None:
    small = run(tiny_spec.with_(replicates=1, prune={"levels": 1}, controls=[]), tmp_path / "grown")
    before = everything(small.path / "jobs")
    large_spec = tiny_spec.with_(replicates=2, prune={"levels": 3}, controls=["reinit:2"])
    grown = run(large_spec, tmp_path / "grown")
    assert grown.path == small.path
    after = everything(grown.path / "jobs")
    assert {name: after[name] for name in before} == before
    assert grown.trained == 2 * (4 + 3 * 2) - 2
    at_once = run(large_spec, tmp_path / "once")
    assert results(grown.path) == results(at_once.path)


def test_asking_for_less_changes_nothing(
    tiny_spec: ExperimentSpec, execute: Callable[..., Run], tmp_path: Path
) -> None:
    path = execute(tiny_spec).path
    before = everything(tmp_path)
    less = execute(tiny_spec.with_(replicates=1, prune={"levels": 1}, controls=[]))
    assert less.path == path
    assert less.spec.replicates == 2
    assert everything(tmp_path) == before


def test_a_sibling_that_kept_less_is_not_taken_over(tiny_spec: ExperimentSpec, tmp_path: Path) -> None:
    changes: dict[str, Any] = {"controls": [], "store": {"keep": "masks"}}
    run(tiny_spec.with_(prune={"procedure": "one-shot"}, **changes), tmp_path)  # which keeps what it may grow from
    assert run(tiny_spec.with_(prune={"linear_rate": 0.5}, **changes), tmp_path).adopted == 2
    whole = open_run(run(tiny_spec, tmp_path).path)
    assert whole.ticket(0, 0).early_stop, "as store.keep: all asks for"


def test_runs_that_prune_differently_share_their_dense_level(
    tiny_spec: ExperimentSpec, tmp_path: Path, results: Results
) -> None:
    first = run(tiny_spec, tmp_path)
    other = tiny_spec.with_(prune={"linear_rate": 0.5})
    second = run(other, tmp_path)
    assert second.path != first.path
    assert second.adopted == 2
    assert results(second.path) == results(run(other, tmp_path / "alone").path)


def test_seed_and_replicates_matter(tiny_spec: ExperimentSpec, execute: Callable[..., Run], results: Results) -> None:
    one, other = execute(tiny_spec), execute(tiny_spec.with_(seed=1))
    shared = set(results(one.path).items()) & set(results(other.path).items())
    assert shared == set()
    assert one.ticket(0, 0).initial["output.weight"].ne(one.ticket(1, 0).initial["output.weight"]).all()
