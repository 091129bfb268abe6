"""Controls of the last level only."""

from collections.abc import Callable

from tombola.analysis import gaps
from tombola.experiments import job_graph
from tombola.experiments.engines import EngineChoice
from tombola.report import render
from tombola.specs import resolve
from tombola.store import JobId, Run

SPEC = resolve(
    "lenet-digits",
    changes={
        "train": {"steps": 10, "record_every": 5},
        "replicates": 1,
        "prune": {"levels": 2},
        "controls": ["reinit:2", "other-order"],
        "control_levels": "last",
    },
)


def test_only_the_last_level_has_controls_and_the_dense_one_other_orders(
    execute: Callable[..., Run],
) -> None:
    run = execute(SPEC)
    controls = {job for job in run.jobs if job.control != "none"}
    wanted = {JobId(0, 0, "other-order"), JobId(0, 2, "other-order"), JobId(0, 2, "reinit"), JobId(0, 2, "reinit", 1)}
    assert controls == wanted
    assert set(run.planned()) == set(run.jobs)
    assert len(run.jobs) == SPEC.jobs == 7
    assert gaps(run) == []
    assert "reinit" in render(run)


def test_a_run_grows_from_the_last_level_to_all(execute: Callable[..., Run]) -> None:
    last = execute(SPEC)
    grown = execute(SPEC.with_(control_levels="all"))
    assert grown.path == last.path
    assert len(grown.jobs) == SPEC.with_(control_levels="all").jobs == 10
    again = execute(SPEC)
    assert again.spec.control_levels == "all"
    assert len(again.jobs) == 10


def test_the_graph_has_as_many_jobs_as_the_spec_says() -> None:
    engines = EngineChoice(levels=dict.fromkeys(range(9), "dense"))
    for choice in ("all", "last"):
        spec = SPEC.with_(control_levels=choice, replicates=3, prune={"levels": 4})
        assert len(job_graph(spec, engines, {})) == spec.jobs
