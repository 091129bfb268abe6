from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tombola.errors import TombolaError
from tombola.experiments import controls
from tombola.experiments.controls.other_ticket import partner
from tombola.experiments.engines import EngineChoice
from tombola.experiments.graph import Job, job_graph
from tombola.experiments.plan import make_plan
from tombola.specs import ExperimentSpec, resolve
from tombola.store import JobId

ENGINES = EngineChoice(levels=dict.fromkeys(range(9), "dense"))
SPEC = resolve("lenet-digits", changes={"prune": {"levels": 2}, "controls": ["other-ticket:1"]})


def graph(spec: ExperimentSpec) -> dict[JobId, Job]:
    return job_graph(spec, ENGINES, {})


def test_partners_are_distinct_and_never_the_replicate_itself() -> None:
    for replicates in range(2, 7):
        for replicate in range(replicates):
            partners = [partner(replicate, repetition) for repetition in range(replicates - 1)]
            assert sorted([*partners, replicate]) == list(range(replicates))


def test_partners_and_keys_stay_when_the_run_grows() -> None:
    small, large = graph(SPEC), graph(SPEC.with_(replicates=5, controls=["other-ticket:3"], prune={"levels": 3}))
    for job, planned in small.items():
        assert (large[job].key, large[job].needs) == (planned.key, planned.needs)


def test_it_waits_for_the_other_replicates_ticket() -> None:
    jobs = graph(SPEC)
    assert jobs[JobId(0, 2, "other-ticket")].needs == (JobId(0, 2), JobId(0, 0), JobId(1, 2))
    assert jobs[JobId(1, 2, "other-ticket")].needs == (JobId(1, 2), JobId(1, 0), JobId(0, 2))
    seen: set[JobId] = set()
    for job in jobs.values():
        assert set(job.needs) <= seen
        seen.add(job.id)


def test_what_is_needed_counts_in_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    job = JobId(1, 1, "other-ticket")
    before = graph(SPEC)[job].key
    changed = type(controls["other-ticket"])(controls["other-ticket"].trial, needs=lambda job: (JobId(0, 2),))
    monkeypatch.setitem(controls._items, "other-ticket", changed)
    assert graph(SPEC)[job].key != before


def test_it_takes_the_partners_mask_and_nothing_else_of_it(finish: Callable[..., Any]) -> None:
    made = finish()
    for replicate, repetition, other in ((0, 0, 1), (1, 0, 0), (2, 0, 1), (0, 1, 2), (2, 1, 0)):
        control = made.trial("other-ticket", replicate, repetition=repetition).ticket
        assert control.mask == made.run.ticket(other, 2).mask
        assert control.mask != made.run.ticket(replicate, 2).mask
        kept = control.mask["output.weight"]
        theirs = made.run.ticket(other, 2).initial["output.weight"]
        assert not (control.initial["output.weight"][kept] == theirs[kept]).any()


@pytest.mark.parametrize(("replicates", "repetitions"), [(1, 1), (2, 2), (3, 3)])
def test_too_few_replicates_are_refused_before_anything_is_computed(
    replicates: int, repetitions: int, tmp_path: Path
) -> None:
    spec = SPEC.with_(replicates=replicates, controls=[f"other-ticket:{repetitions}"])
    with pytest.raises(TombolaError, match=rf"needs at least {repetitions + 1}.*replicates = {replicates}"):
        make_plan(spec, tmp_path)
    assert not list(tmp_path.iterdir())
    make_plan(spec.with_(replicates=repetitions + 1), tmp_path)
    make_plan(spec.with_(prune={"levels": 0}), tmp_path)  # no level, no control
