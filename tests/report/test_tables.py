from collections.abc import Callable
from typing import Any

from tombola.report import tables
from tombola.store import JobId

Make = Callable[..., Any]
N, M = "\u202f%", "\N{MINUS SIGN}"


def by_hand(job: JobId) -> tuple[float, int]:
    better = 0.002 * job.replicate
    return (
        (0.95 + better - 0.01 * job.level, 5000 - 1000 * job.level)
        if job.control == "none"
        else (0.90, 9000 + 1000 * job.replicate)
    )


def test_results_are_written_with_intervals_and_n(make_run: Make) -> None:
    accuracy, step = tables.results(make_run(levels=1, quality=by_hand))
    assert accuracy.groups == (("ticket", 2), ("control reinit", 2))
    assert len(accuracy.columns) == 4
    dense, level = accuracy.lines
    assert dense.density == f"100.00{N}"
    assert dense.cells[0].main == f"95.20{N}"
    assert dense.cells[0].small == f"94.70 to 95.70{N}, n = 3"
    assert [cell.main for cell in dense.cells[1:]] == ["", "", ""]
    assert [cell.main for cell in level.cells] == [f"94.20{N}", f"{M}1.00", f"90.00{N}", "+4.20"]
    assert level.cells[1].small == "equal in all, n = 3"
    assert level.cells[1].tone == ""
    assert level.cells[3].tone == "good"
    assert step.lines[1].cells[3].main == f"{M}6,000"
    assert step.lines[1].cells[3].tone == "good", "an earlier stop is better"


def test_one_replicate_and_none(make_run: Make) -> None:
    accuracy, _ = tables.results(make_run(levels=2, replicates=1, quality=by_hand, absent=lambda job: job.level == 2))
    assert accuracy.lines[1].cells[0].small == "n = 1"
    assert accuracy.lines[1].cells[1] == tables.Cell(f"{M}1.00", "n = 1")
    assert accuracy.lines[2].cells[0] == tables.Cell("\N{EN DASH}", "n = 0")


def test_remaining_weights(make_run: Make) -> None:
    """Counts of reference/playground.md section 4, LeNet level 1."""
    table = tables.remaining(make_run(levels=1))
    assert table is not None
    assert table.columns == ("weights", "linear.0.weight", "linear.2.weight", "output.weight")
    assert [cell.main for cell in table.lines[1].cells] == ["213,060", "188,160", "24,000", "900"]
    assert table.lines[1].cells[1].small == f"80.00{N}"
    assert table.note == "Equal in all replicates."


def test_layers_that_differ_or_collapse_are_told(make_run: Make) -> None:
    run = make_run(levels=1)
    run.jobs[JobId(0, 1)].remaining["output.weight"] = 0
    table = tables.remaining(run)
    assert table is not None
    assert table.lines[1].cells[3].main == "600"
    assert table.note.startswith("Replicates differ")
    for replicate in (1, 2):
        run.jobs[JobId(replicate, 1)].remaining["output.weight"] = 0
    table = tables.remaining(run)
    assert table is not None
    assert table.lines[1].cells[3].small.endswith("collapsed")


def test_a_job_that_failed_before_training_has_no_counts(make_run: Make) -> None:
    run = make_run(levels=1, replicates=1, failed={JobId(0, 1): "scores are not finite"})
    run.jobs[JobId(0, 1)].remaining.clear()
    table = tables.remaining(run)
    assert table is not None
    assert {cell.main for cell in table.lines[1].cells} == {"\N{EN DASH}"}
    assert tables.remaining(make_run(absent=lambda job: True)) is None


def test_time_per_level(make_run: Make) -> None:
    table = tables.times(make_run(levels=1))
    assert table is not None
    assert [cell.main for cell in table.lines[0].cells] == ["10 s", "\N{EN DASH}", "30 s"]
    assert [cell.main for cell in table.lines[1].cells] == ["11 s", "11 s", "1:06 min"]
    assert table.note.startswith(f"All jobs together: 1:36 min, 19{N} of it evaluation")
