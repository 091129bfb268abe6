from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tombola.analysis import level_densities, mean_interval, replicate_values, summarise, summary_table
from tombola.analysis.summary import AFTER_LAST_STEP, has_early_stops
from tombola.store import JobId


def by_hand(job: JobId) -> tuple[float, int]:
    """Accuracies whose means and differences are easy to do in the head."""
    if job.control == "none":
        return 0.90 + 0.01 * job.replicate + 0.002 * job.level, 5000 - 1000 * job.level
    return 0.85 + 0.01 * job.replicate + 0.02 * job.repetition, 6000 + 2000 * job.repetition


def test_rows_are_levels_by_kind(make_run: Callable[..., Any]) -> None:
    rows = summarise(make_run(levels=2, controls=("reinit:2", "shuffle-layerwise:1")))
    kinds = ["none", "reinit", "shuffle-layerwise"]
    assert [(row.level, row.control) for row in rows] == [(0, "none")] + [(level, k) for level in (1, 2) for k in kinds]
    assert [round(row.density, 4) for row in rows if row.control == "none"] == [1.0, 0.8004, 0.6406]


def test_repetitions_are_averaged_before_replicates_count(make_run: Callable[..., Any]) -> None:
    run = make_run(levels=1, controls=("reinit:2",), quality=by_hand)
    assert replicate_values(run.early_stop_table(), "test_accuracy", level=1, control="reinit") == pytest.approx(
        {0: 0.86, 1: 0.87, 2: 0.88}
    )
    _, ticket, control = summarise(run)
    assert control.accuracy.value.n == 3
    assert control.accuracy.value.mean == pytest.approx(0.87)
    assert control.step.value.mean == 7000
    assert ticket.accuracy.value == mean_interval([0.902, 0.912, 0.922])


def test_differences_are_paired(make_run: Callable[..., Any]) -> None:
    _, ticket, control = summarise(make_run(levels=1, controls=("reinit:2",), quality=by_hand))
    assert ticket.accuracy.minus_dense.mean == pytest.approx(0.002)
    assert ticket.accuracy.minus_dense.equal
    assert ticket.step.minus_dense.mean == -1000
    assert control.accuracy.ticket_minus.mean == pytest.approx(0.042)
    assert control.accuracy.minus_dense.mean == pytest.approx(-0.04)
    assert ticket.accuracy.ticket_minus.n == 0


def test_failed_and_absent_jobs_leave_their_pairs_out(make_run: Callable[..., Any]) -> None:
    run = make_run(
        levels=2,
        quality=by_hand,
        failed={JobId(0, 1): "loss became NaN at step 40"},
        absent=lambda job: job.replicate == 2 and job.level == 0,
    )
    rows = {(row.level, row.control): row for row in summarise(run)}
    assert rows[1, "none"].accuracy.value.n == 2
    assert rows[1, "none"].accuracy.minus_dense.n == 1
    assert rows[1, "reinit"].accuracy.value.n == 3
    assert rows[1, "reinit"].accuracy.ticket_minus.n == 2
    assert rows[0, "none"].accuracy.minus_dense.n == 0
    assert replicate_values(run.early_stop_table(), "seconds", level=1).keys() == {1, 2}


def test_a_level_without_results_is_listed_as_such(make_run: Callable[..., Any]) -> None:
    run = make_run(levels=2, absent=lambda job: job.level == 2)
    last = summarise(run)[-1]
    assert (last.level, last.accuracy.value.n) == (2, 0)
    assert np.isnan(level_densities(run)[2])
    assert len(summarise(make_run(absent=lambda job: True))) == 7 + 6


def test_flat_table_has_one_column_per_number(make_run: Callable[..., Any]) -> None:
    table = summary_table(make_run(levels=1, quality=by_hand))
    assert len(table) == 3
    assert {"level", "control", "density", "accuracy_mean", "step_low", "accuracy_minus_dense_high"} <= set(
        table.columns
    )
    assert table.ticket_minus_control_accuracy_mean.iloc[2] == pytest.approx(0.052)
    assert table.accuracy_n.tolist() == [3, 3, 3]


def test_a_run_without_any_early_stop_is_seen_and_summarised_after_its_last_step(make_run: Callable[..., Any]) -> None:
    run = make_run(replicates=2, levels=1, controls=())
    assert has_early_stops(run)
    for info, records in run._all.values():
        records.val_loss[:] = np.nan
        assert info.status == "done"
    assert not has_early_stops(run)
    assert summarise(run)[0].accuracy.value.n == 0
    last = summarise(run, AFTER_LAST_STEP)[1]
    table = run.early_stop_table()
    assert last.accuracy.value.mean == pytest.approx(table[table.level == 1].final_test_accuracy.mean())
    assert (last.step.value.mean, last.accuracy.minus_dense.n) == (20_000, 2)
