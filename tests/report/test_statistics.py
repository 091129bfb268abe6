from collections.abc import Callable
from typing import Any

import pytest

from tombola.report import render
from tombola.report.statistics import statistics
from tombola.store import JobId

Make = Callable[..., Any]


def test_every_control_has_its_differences_and_p_values(make_run: Make) -> None:
    run = make_run(replicates=5, controls=("reinit:3", "shuffle-layerwise:1", "reinit-keep-signs:1"))
    found = statistics(run)
    dense, controls = found.tables
    assert [text for text, _ in controls.groups] == [
        "minus reinit",
        "minus shuffle-layerwise",
        "minus reinit-keep-signs",
    ]
    assert len(controls.lines) == len(dense.lines) == 6
    assert controls.note == "One family of 18 tests."
    assert dense.note == "One family of 6 tests."
    assert all(len(line.cells) == len(controls.columns) for line in controls.lines)
    last = controls.lines[-1].cells
    assert last[0].tone == "good"
    assert last[0].small.endswith("n = 5")
    assert "alone" in last[1].small
    assert "the ticket is not worse than dense" in found.claim
    assert "takes" in found.power


def test_bold_means_adjusted(make_run: Make) -> None:
    """A difference whose own interval excludes zero is not marked where its family makes it unsure."""
    run = make_run(replicates=3, levels=12, controls=("reinit:1", "shuffle-layerwise:1"))
    tables = statistics(run).tables
    cells = [cell for line in tables[1].lines for cell in line.cells]
    for difference, p in zip(cells[::2], cells[1::2], strict=True):
        assert bool(difference.tone) == (p.main == "< 0.001" or float(p.main) < 0.05)
    assert any(not d.tone and "alone 0.0" in p.small for d, p in zip(cells[::2], cells[1::2], strict=True))


@pytest.mark.parametrize(
    ("options", "wanted", "tables"),
    [
        ({"levels": 0, "controls": ()}, "Nothing was pruned", 0),
        ({"controls": ()}, "dense", 1),
        ({"replicates": 1}, "1 replicate cannot carry a claim", 2),
        ({"absent": lambda job: True}, "No replicate has both", 2),
        ({"failed": {JobId(r, 1): "NaN" for r in range(3)}}, "level 1 has 0 complete pairs", 2),
        ({"replicates": 12, "levels": 2}, "(n = 12)", 2),
    ],
)
def test_any_run_has_statistics(options: dict[str, Any], wanted: str, tables: int, make_run: Make) -> None:
    run = make_run(**options)
    found = statistics(run)
    assert wanted in found.claim
    assert len(found.tables) == tables
    assert wanted in render(run).replace("&#39;", "'")


def test_a_run_without_early_stops_is_judged_after_its_last_step(
    make_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Imported results may have measured no validation loss."""
    run = make_run(replicates=3, levels=2)
    for info in run.jobs.values():
        object.__setattr__(info, "early_stop_step", None)
    table = run.early_stop_table().assign(test_accuracy=float("nan"), early_stop_step=float("nan"))
    monkeypatch.setattr(run, "early_stop_table", lambda: table)
    found = statistics(run)
    assert found.measure == "Test accuracy after the last step"
    assert found.tables[0].lines[0].cells[0].small.endswith("n = 3")
