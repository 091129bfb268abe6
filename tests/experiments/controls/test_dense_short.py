from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from tombola.errors import TombolaError
from tombola.experiments.controls.dense_short import shortened
from tombola.experiments.engines import EngineChoice
from tombola.experiments.graph import job_graph
from tombola.experiments.plan import make_plan
from tombola.specs import ExperimentSpec, TrainSpec, resolve
from tombola.specs.keys import job_key
from tombola.store import JobId, Run
from tombola.store.jobs import read_records
from tombola.training.schedule import learning_rate


def test_with_a_constant_rate_it_is_the_beginning_of_the_dense_level(
    tiny_spec: ExperimentSpec, execute: Callable[..., Run]
) -> None:
    # early stops well before the end, so that there is something to shorten
    spec = tiny_spec.with_(
        train={"lr": 0.3, "length": "60st", "record_every": "10st"}, controls=["dense-short:1"], prune={"levels": 1}
    )
    run = execute(spec)
    lengths = set()
    for replicate in range(2):
        job = JobId(replicate, 1, "dense-short")
        short, dense = (read_records(run.folder.job(which)) for which in (job, JobId(replicate, 0)))
        stop = run.ticket(replicate, 1).info.early_stop_step
        assert short.step[-1] == stop
        lengths.add(stop)
        assert np.array_equal(short.val_loss, dense.val_loss[: len(short.step)])
        assert run.jobs[job].density == 1
        assert run.ticket(*job).mask.count == run.ticket(*job).mask.size
    assert min(lengths) < 60


def test_it_takes_the_engine_of_the_dense_level(tiny_spec: ExperimentSpec) -> None:
    engines = EngineChoice(levels={0: "dense", 1: "dense", 2: "sparse"})
    spec = tiny_spec.with_(controls=["dense-short", "reinit"])
    jobs = job_graph(spec, engines, {})
    assert (jobs[JobId(0, 2, "dense-short")].size_level, jobs[JobId(0, 2, "reinit")].size_level) == (0, 2)
    ticket = jobs[JobId(0, 2)].key
    for name, engine in (("dense-short", None), ("reinit", "sparse")):
        key = job_key(spec, ticket, replicate=0, control=name, repetition=0, engine=engine)
        assert jobs[JobId(0, 2, name)].key == key


def test_the_schedule_shrinks_in_proportion() -> None:
    recipe = TrainSpec(
        length="10ep", schedule={"kind": "steps", "milestones": ["5ep", "160st"], "factor": 0.1, "warmup": "1ep"}
    )
    short = shortened(recipe, 50, per_epoch=20)
    assert short.length == "50st"
    assert short.schedule.milestones == ("25st", "40st")
    assert short.schedule.warmup == "5st"
    before, after = learning_rate(recipe, 20), learning_rate(short, 20)
    assert [after(step) for step in range(0, 50, 5)] == pytest.approx([before(4 * step) for step in range(0, 50, 5)])


def test_a_cosine_comes_to_its_end_at_the_tickets_early_stop(finish: Callable[..., Any]) -> None:
    made = finish(train={"schedule": {"kind": "cosine"}})
    trial = made.trial("dense-short", replicate=1)
    stop = made.run.ticket(1, 2).info.early_stop_step
    assert trial.train is not None
    assert trial.train.length == f"{stop}st"
    assert learning_rate(trial.train, 20)(stop) == pytest.approx(0, abs=1e-9)
    assert torch.equal(trial.ticket.initial["output.weight"], made.run.ticket(1, 0).initial["output.weight"])


def test_repetitions_would_be_copies_and_are_refused(tiny_spec: ExperimentSpec, tmp_path: Any) -> None:
    with pytest.raises(TombolaError, match="repetitions would be copies; ask for one"):
        make_plan(tiny_spec.with_(controls=["dense-short:2"]), tmp_path)


def test_a_convergence_rule_chooses_the_tickets_early_stop_only(finish: Callable[..., Any]) -> None:
    made = finish(train={"length": "4ep", "record_every": "1ep", "lr": 0.05, "converge": {"rule": "relative"}})
    trial, stop = made.trial("dense-short"), made.run.ticket(0, 2).info.early_stop_step
    assert stop > 0
    assert trial.train.length == f"{stop}st"
    assert not trial.train.converge.active


def test_a_ticket_that_training_only_harmed_has_no_length(finish: Callable[..., Any]) -> None:
    train = {"lr": 1e-12, "converge": {"rule": "absolute"}, "record_every": "1ep", "length": "2ep"}
    made = finish(network={"conv": ["4", "M"]}, train=train)  # no batch norm, whose statistics move without a step
    assert made.run.ticket(0, 2).info.early_stop_step == 0
    with pytest.raises(TombolaError, match="was at its best before its first step, so there is no length"):
        made.trial("dense-short")


def test_levels_that_go_on_from_each_other_are_sent_to_the_matched_budget(tmp_path: Any) -> None:
    spec = resolve("vgg-small-shapes", changes={"controls": ["dense-short"]})
    with pytest.raises(TombolaError, match=r"levels of prune\.procedure = 'gradual' go on from each other; take dense"):
        make_plan(spec, tmp_path)
