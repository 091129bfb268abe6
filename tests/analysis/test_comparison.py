import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tombola.analysis import against_controls, compare, measure_named, summarise
from tombola.analysis.export import COLUMNS, comparison_document, comparison_table
from tombola.analysis.measures import MEASURES, Values
from tombola.errors import TombolaError
from tombola.store import JobId
from tombola.store.folder import TICKET

Make = Callable[..., Any]


@pytest.fixture
def make(synthetic: dict[str, Any], tmp_path: Path) -> Make:
    """Make runs with folders of their own."""
    return lambda name, **options: synthetic["synthetic_run"](tmp_path / f"{name}-0123456789ab", name=name, **options)


def shifted(synthetic: dict[str, Any], shift: float) -> Callable[[JobId], tuple[float, int]]:
    def quality(job: JobId) -> tuple[float, int]:
        accuracy, step = synthetic["realistic"](job)
        noise = np.random.default_rng([job.replicate, job.level, 99]).normal(0, 1e-4)
        return accuracy + shift * (job.level > 0) + noise, step

    return quality


def test_the_first_minus_every_other(make: Make, synthetic: dict[str, Any]) -> None:
    first = make("imp", replicates=5)
    other = make("one-shot", replicates=4, quality=shifted(synthetic, -0.01))
    found = compare([first, other])
    assert [member.label for member in found.members] == ["imp", "one-shot"]
    (against,) = found.against
    assert against.pairing.replicates == (0, 1, 2, 3)
    assert [contrast.level for contrast in against.contrasts] == list(range(7))
    for contrast in against.contrasts[1:]:
        values = [run.early_stop_table() for run in (first, other)]
        rows = [t[(t.control == TICKET) & (t.level == contrast.level)].set_index("replicate") for t in values]
        wanted = (rows[0].test_accuracy - rows[1].test_accuracy).dropna()
        assert contrast.difference.interval.mean == pytest.approx(wanted.mean())
        assert contrast.difference.spread == pytest.approx(wanted.std())
        assert contrast.difference.interval.mean == pytest.approx(0.01, abs=5e-4)
        assert contrast.difference.surely
        assert contrast.difference.adjusted >= contrast.difference.p


def test_all_runs_are_one_family(make: Make, synthetic: dict[str, Any]) -> None:
    runs = [make(name, quality=shifted(synthetic, shift)) for name, shift in (("a", 0.0), ("b", 1e-4), ("c", 2e-4))]
    two, three = compare(runs[:2]), compare(runs)
    pair = [
        (x.difference, y.difference) for x, y in zip(two.against[0].contrasts, three.against[0].contrasts, strict=True)
    ]
    assert all(math.isclose(x.p, y.p) or not x.tested for x, y in pair)
    assert all(y.adjusted >= x.adjusted for x, y in pair if x.tested)


def test_controls_agree_with_the_summary(make: Make) -> None:
    """The same differences as the report's first tables, with tests beside them."""
    run = make("imp", controls=("reinit:3", "shuffle-layerwise:1"))
    rows = {(row.level, row.control): row.accuracy.ticket_minus for row in summarise(run) if row.control != TICKET}
    found = against_controls(run)
    assert len(found) == len(rows) == 12
    for contrast in found:
        here, wanted = contrast.difference.interval, rows[contrast.level, contrast.other]
        assert (here.mean, here.low) == pytest.approx((wanted.mean, wanted.low))
        assert here.n == wanted.n


def test_runs_that_lack_things(make: Make) -> None:
    whole = make("whole")
    gaps = make("gaps", failed={JobId(0, 2): "x"}, absent=lambda job: job.level > 3 or job.control != TICKET)
    empty = make("empty", absent=lambda job: True)
    lonely = make("lonely", replicates=1, controls=(), levels=2)
    found = compare([whole, gaps, empty, lonely])
    n = {c.level: c.difference.interval.n for c in found.against[0].contrasts}
    assert n == {0: 3, 1: 3, 2: 2, 3: 3}
    assert found.members[1].missing == "1 job failed, 27 jobs not there (yet)"
    assert found.against[1].contrasts == ()
    assert {c.difference.interval.n for c in found.against[2].contrasts} == {1}
    assert not any(c.difference.tested for c in found.against[2].contrasts)
    only = compare([empty])
    assert only.densities == ()
    assert comparison_table(only).n.max() == 0
    json.dumps(comparison_document(found), allow_nan=False)


def test_other_seeds_are_compared_unpaired(make: Make, synthetic: dict[str, Any]) -> None:
    found = compare([make("a"), make("b", seed=1, quality=shifted(synthetic, -0.01))])
    assert found.against[0].pairing.kind == "unpaired"
    assert not any(c.difference.paired for c in found.against[0].contrasts)
    assert found.against[0].power == ""
    assert all(c.difference.tested for c in found.against[0].contrasts)


@pytest.mark.parametrize("name", list(MEASURES))
def test_every_measure_is_in_the_table(name: str, make: Make) -> None:
    run, measure = make("a"), measure_named(name)
    values = Values(run.early_stop_table(), measure)(2, TICKET)
    assert sorted(values) == [0, 1, 2]
    found = compare([run, make("b")], measure)
    assert (found.first.reach is not None) == measure.is_accuracy
    assert measure.difference(-0.5)
    assert measure.value(float("nan")) == "\N{EN DASH}"


def test_tables_hold_every_number(make: Make, synthetic: dict[str, Any]) -> None:
    found = compare([make("a", levels=2), make("b", levels=2, quality=shifted(synthetic, -0.01))])
    table = comparison_table(found)
    assert tuple(table.columns) == COLUMNS
    assert table.kind.value_counts().to_dict() == {"value": 10, "dense": 4, "control": 4, "run": 3}
    row = table[(table.kind == "run") & (table.level == 2)].iloc[0]
    wanted = found.against[0].contrasts[2]
    assert (row["mean"], row.p_holm) == (wanted.difference.interval.mean, wanted.difference.adjusted)
    document = comparison_document(found)
    assert len(document["numbers"]) == len(table)
    assert document["against"][0]["replicates"] == [0, 1, 2]


def test_labels_and_mistakes(make: Make, tmp_path: Path, synthetic: dict[str, Any]) -> None:
    same = synthetic["synthetic_run"](tmp_path / "imp-other", name="imp", levels=1)
    found = compare([make("imp", levels=1), same])
    assert [member.label for member in found.members] == ["imp-0123456789ab", "imp-other"]
    with pytest.raises(TombolaError, match="given twice"):
        compare([same, same])
    with pytest.raises(TombolaError, match="no run to compare"):
        compare([])
    with pytest.raises(TombolaError, match=r"'test_acuracy' is not measured \(did you mean 'test_accuracy'\?\)"):
        measure_named("test_acuracy")


def test_replicates_that_are_no_pairs_are_left_out(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from tombola.analysis import comparison
    from tombola.analysis.pairing import Pairing

    monkeypatch.setattr(comparison, "pairing", lambda first, other: Pairing("paired", (0, 2), "1 is a stranger"))
    found = compare([make("a", replicates=4, levels=1), make("b", replicates=4, levels=1)])
    assert [c.difference.interval.n for c in found.against[0].contrasts] == [2, 2]
