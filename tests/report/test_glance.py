from collections.abc import Callable
from typing import Any

from tombola.analysis import verdict
from tombola.report.glance import glance
from tombola.store import JobId

Make = Callable[..., Any]


def test_key_numbers_and_levels_of_a_verdict(make_run: Make) -> None:
    run = make_run(replicates=5)
    found = verdict(run)
    seen = glance(run, found)
    assert seen.badge == "Yes"
    assert found.standing is not None
    assert [tile.name for tile in seen.tiles] == [
        "Density", "Ticket minus dense", "Ticket minus reinit", "Early stop against dense",
    ]  # fmt: skip
    assert f"level {found.standing.level} of 6" in seen.tiles[0].small
    assert seen.tiles[1].small.endswith("n = 5")
    assert len(seen.steps) == 6
    assert [step.judged for step in seen.steps].index(True) == found.standing.level - 1
    assert seen.steps[found.standing.level - 1].mark == "sure"
    assert seen.steps[found.standing.level - 1].above


def test_levels_tell_worse_from_unknown(make_run: Make) -> None:
    def quality(job: JobId) -> tuple[float, int]:
        return 0.98 - 0.02 * job.level + 0.0003 * ((job.replicate + job.level) % 3), 5000

    run = make_run(levels=3, quality=quality, absent=lambda job: job.level == 3)
    steps = glance(run, verdict(run)).steps
    assert [step.mark for step in steps] == ["worse", "worse", "none"]
    assert "surely worse" in steps[0].text


def test_nothing_to_compare_shows_no_levels(make_run: Make) -> None:
    run = make_run(absent=lambda job: True)
    seen = glance(run, verdict(run))
    assert (seen.badge, seen.tiles, seen.steps) == ("Open", (), ())
