"""Trainings compared: which, under which names, with what outcome, on two data sets and on transferred tickets."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tombola.analysis.collecting import collect
from tombola.analysis.training import (
    comparison,
    mean_course,
    outcomes,
    parents,
    records_table,
    time_to_parent,
    trainings_of_runs,
    trainings_of_views,
    transfer,
)
from tombola.errors import TombolaError
from tombola.experiments import run
from tombola.specs import resolve
from tombola.store import Run, open_run

BASE: dict[str, Any] = {
    "network": {"family": "conv", "conv": ["4", "G"], "linear": [8]},
    "train": {"steps": 20, "record_every": 5, "lr": 0.01, "test_curve": True},
    "replicates": 2,
    "prune": {"levels": 1},
    "controls": ["reinit:2"],
}
MNIST = {"name": "mnist-5k", "train": 400, "normalisation": "unit"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """Tickets found on digits, and the same ones trained on mnist-5k."""
    out: Path = tmp_path_factory.mktemp("runs")
    here = run(resolve("lenet-digits", changes=BASE | {"name": "here"}), out).path
    prune = {"procedure": "transfer", "source": str(here), "source_levels": [1]}
    there = run(
        resolve("lenet-digits", changes=BASE | {"name": "there", "data": MNIST, "prune": prune, "controls": []}), out
    )
    return [open_run(here), open_run(there.path)]


def test_outcomes_are_those_of_the_run(runs: list[Run]) -> None:
    trainings = trainings_of_runs(runs[:1])
    records = records_table(trainings)
    values = outcomes(trainings, records).set_index(["network", "replicate"])
    stops = runs[0].early_stop_table()
    for network, level, control in (("dense", 0, "none"), ("ticket", 1, "none"), ("reinit", 1, "reinit")):
        for replicate in range(2):
            own = stops[(stops.level == level) & (stops.control == control) & (stops.replicate == replicate)]
            found = values.loc[(network, replicate)]
            assert found.at_stop == pytest.approx(own.test_accuracy.mean())
            assert found.final == pytest.approx(own.final_test_accuracy.mean())
            # repetitions are averaged first, so their best is that of the mean curve
            assert found.best >= found.final - 1e-12
    course = mean_course(records, "test_accuracy").set_index(["network", "step"])
    last = course.loc[("reinit", 20)]
    assert last.n == 2
    expected = runs[0].records.test_accuracy.sel(level=1, control="reinit").mean("repetition").values[:, -1]
    assert last["mean"] == pytest.approx(np.mean(expected))


def test_parents_are_paired_within_replicates(runs: list[Run]) -> None:
    trainings = trainings_of_runs(runs[:1])
    values = outcomes(trainings, records_table(trainings))
    found = parents(values).set_index(["network", "point"])
    by = values.set_index(["network", "replicate"]).at_stop
    differences = [by["ticket", r] - by["dense", r] for r in range(2)]
    assert found.loc[("ticket", "at_stop"), "difference"] == pytest.approx(np.mean(differences))
    assert set(found.n) == {2}
    without = parents(values[values.level > 0])
    assert without.empty


def test_transferred_tickets_are_named_by_where_they_were_found(runs: list[Run]) -> None:
    trainings = trainings_of_runs(runs)
    values = outcomes(trainings, records_table(trainings))
    matrix = transfer(values).set_index("network")
    assert list(matrix.columns) == ["digits", "mnist-5k"]
    assert {"dense of digits", "ticket of digits", "reinit of digits"} == set(matrix.index)
    assert matrix.loc["ticket of digits"].notna().all()
    assert np.isnan(matrix.loc["reinit of digits", "mnist-5k"])
    assert set(comparison(values).data) == {"digits", "mnist-5k"}


def test_conditions_keep_their_names_and_get_their_parents(runs: list[Run]) -> None:
    views = [replace(view, condition="mine") for view in collect([runs[0]])]
    named = {each.network for each in trainings_of_views(views, runs)}
    assert named == {"mine", "dense"}
    plain = {each.network for each in trainings_of_views(collect([runs[0]], controls=["reinit"]), runs[:1])}
    assert plain == {"dense", "ticket", "reinit"}
    with pytest.raises(TombolaError, match="comes from no run"):
        trainings_of_views([replace(views[0], run="")], runs)


def test_runs_on_the_same_data_are_told_apart_but_shared_trainings_are_not(make_run: Callable[..., Any]) -> None:
    one, two = make_run(name="one", levels=3), make_run(name="two", levels=2)
    named = {each.network for each in trainings_of_runs([one, two])}
    assert {"ticket, one", "ticket, two", "dense"} <= named
    again = records_table(trainings_of_runs([one, one]))
    pd.testing.assert_frame_equal(again, records_table(trainings_of_runs([one])))


def test_times_count_who_gets_there() -> None:
    rows = [
        {
            "data": "d",
            "network": network,
            "run": "r",
            "level": level,
            "replicate": 0,
            "step": step,
            "test_accuracy": acc,
        }
        for network, level, curve in (
            ("dense", 0, (0.1, 0.7, 0.8)),
            ("a", 1, (0.5, 0.9, 0.9)),
            ("b", 1, (0.1, 0.2, 0.3)),
        )
        for step, acc in zip((0, 10, 20), curve, strict=True)
    ]
    records = pd.DataFrame(rows)
    values = records[records.step == 20].rename(columns={"test_accuracy": "at_stop"}).assign(final=lambda t: t.at_stop)
    found = time_to_parent(values, records).set_index("network")
    assert found.loc["a", ["reached", "of", "mean_step"]].tolist() == [1, 1, 10]
    assert found.loc["b", "reached"] == 0
    assert np.isnan(found.loc["b", "mean_step"])
