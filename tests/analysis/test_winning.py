"""Criteria of winning tickets (signs reference, section 1.4): by hand, on a run, and as a filter."""

from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tombola.analysis.collecting import collect
from tombola.analysis.conditions import collect_conditions
from tombola.analysis.winning import Criterion, Judgement, accepted, criteria, summary, winning
from tombola.cli.main import main
from tombola.errors import TombolaError
from tombola.experiments import run
from tombola.records import FINAL, GRID, START, Records
from tombola.specs import resolve
from tombola.store import Run, open_run

NAN = float("nan")


def records(**measures: list[float]) -> Records:
    """Records at steps 0, 10, 20, ...; the first is that before training."""
    count = len(next(iter(measures.values())))
    values = {
        name: np.array(measures.get(name, [NAN] * count))
        for name in ("train_loss", "val_loss", "val_accuracy", "test_accuracy")
    }
    flags = np.array([START, *[GRID] * (count - 2), FINAL], np.uint8)
    return Records(step=np.arange(count) * 10, flags=flags, **values)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    changes = {
        "train": {"steps": 40, "record_every": 10, "test_curve": True},
        "replicates": 3,
        "prune": {"levels": 2, "linear_rate": 0.9},
        "controls": ["reinit:1"],
    }
    return open_run(run(resolve("lenet-digits", changes=changes), tmp_path_factory.mktemp("runs")).path)


@pytest.mark.parametrize("name", list(criteria))
def test_every_criterion_says_what_it_accepts_and_judges_a_run(name: str, finished: Run) -> None:
    assert summary(name).endswith(".") or ":" in summary(name)
    table = winning(finished, name)
    assert table[["replicate", "level"]].to_numpy().tolist() == [[r, level] for r in range(3) for level in (1, 2)]
    assert table.accepted.notna().all()
    assert (table.reason == "").all()
    numbers = table.drop(columns=["replicate", "level", "density", "accepted", "reason"])
    assert numbers.shape[1] >= 2
    assert np.isfinite(numbers.to_numpy()).all()


@pytest.mark.parametrize("name", list(criteria))
def test_a_network_wins_against_itself_and_nothing_measured_is_no_verdict(name: str) -> None:
    same = records(val_loss=[2, 1, 1.5], val_accuracy=[0.1, 0.5, 0.4], test_accuracy=[0.1, 0.5, 0.4])
    assert criteria[name](same, same).accepted is True
    nothing = records(train_loss=[1, 1, 1])
    assert criteria[name](nothing, same).accepted is None
    assert criteria[name](same, nothing).accepted is None


@pytest.mark.parametrize(("best", "verdict"), [(0.69, True), (0.68, True), (0.67, False)])
def test_margins_are_of_the_best_record_after_training_began(best: float, verdict: bool) -> None:
    ticket, dense = [0.99, best, 0.3], [0.1, 0.7, 0.5]
    judged = criteria["accuracy-margin"](records(val_accuracy=ticket), records(val_accuracy=dense))
    assert judged.accepted is verdict
    assert dict(judged.numbers) == {"ticket_val_accuracy": best, "dense_val_accuracy": 0.7}
    published = criteria["accuracy-margin-signs2024"](records(test_accuracy=ticket), records(test_accuracy=dense))
    assert published.accepted is verdict


@pytest.mark.parametrize(
    ("ticket", "verdict"),
    [
        ([0.1, 2, 1.0, 1.1], True),  # as early, no worse
        ([9, 1.019, 2, 2], True),  # earlier, a little worse
        ([9, 1.02, 2, 2], False),  # not below 1.02 times
        ([9, 2, 1.1, 0.9], False),  # better, but later
        ([9, 2, 1.0, 1.0], True),  # the first of equal ones counts
        ([9, 2, NAN, NAN], False),
    ],
)
def test_losses_have_to_be_in_time_and_small(ticket: list[float], verdict: bool) -> None:
    judged = criteria["validation-loss"](records(val_loss=ticket), records(val_loss=[9, 2, 1.0, 1.0]))
    assert judged.accepted is verdict
    assert judged.numbers["dense_step"] == 20


def test_failed_and_missing_networks_are_not_judged(finished: Run, tmp_path: Path) -> None:
    spoilt = Run(finished.path)
    jobs = dict(finished.jobs)
    keys = {(job.replicate, job.level): job for job in jobs if job.control == "none"}
    del jobs[keys[0, 0]]
    jobs[keys[1, 2]] = jobs[keys[1, 2]].__class__(**{**vars(jobs[keys[1, 2]]), "status": "failed", "reason": "NaN"})
    spoilt.__dict__["jobs"] = jobs
    table = winning(spoilt)
    assert table.accepted.isna().tolist() == [True, True, False, True, False, False]
    assert table.reason.tolist() == [*["its dense network is not there"] * 2, "", "the ticket failed", "", ""]
    assert {replicate for replicate, _ in accepted(spoilt, "accuracy-margin")} <= {1, 2}


def test_analyses_can_take_accepted_tickets_only(
    finished: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdicts = iter([True, False, False, True, False, True] * 3)
    criterion: Criterion = lambda ticket, dense: Judgement(next(verdicts), {})  # noqa: E731
    monkeypatch.setitem(criteria._items, "test-alternating", criterion)
    views = collect([finished], levels=[0, 1, 2], controls=["reinit"], winning="test-alternating")
    assert [(v.replicate, v.level) for v in views if v.control == "reinit"] == [(0, 1), (1, 2), (2, 2)]
    assert {(v.replicate, v.level) for v in views if v.control == "none" and v.level} == {(0, 1), (1, 2), (2, 2)}
    assert sum(view.level == 0 for view in views) == 3
    assert len(collect([finished], levels=[1], winning="test-alternating")) == 1
    file = tmp_path / "conditions.yml"
    file.write_text(f"won: {{run: '{finished.path}', winning: test-alternating}}\n")
    assert [(view.replicate, view.level) for view in collect_conditions(file)] == [(1, 2), (2, 2)]
    monkeypatch.setitem(criteria._items, "test-none", lambda ticket, dense: Judgement(False, {}))
    with pytest.raises(TombolaError, match="no chosen ticket is accepted by 'test-none'"):
        collect([finished], winning="test-none")


def test_an_unknown_criterion_is_told(finished: Run) -> None:
    with pytest.raises(TombolaError, match=r"unknown criterion 'accuracy-margn'.*accuracy-margin"):
        winning(finished, "accuracy-margn")


def test_show_prints_accepted_and_rejected(finished: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(finished.path), "--winning", "validation-loss"]) == 0
    text = capsys.readouterr().out
    won = len(accepted(finished, "validation-loss"))
    assert f"{won} of 6 tickets accepted, {6 - won} rejected" in text
    assert "dense val loss" in text
    assert main(["show", str(finished.path), "--winning", "accuracy-margin", "--csv"]) == 0
    table = pd.read_csv(StringIO(capsys.readouterr().out))
    assert table.accepted.tolist() == winning(finished).accepted.tolist()
