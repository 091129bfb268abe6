from collections.abc import Callable
from typing import Any

import pytest

from tombola.analysis import Standing, Verdict, gaps, mean_interval, verdict
from tombola.store import JobId

Make = Callable[..., Any]
WIGGLE = (-0.0003, 0.0001, 0.0002, 0.0003, -0.0003)


def judged(
    make_run: Make, ticket: tuple[float, ...], control: tuple[float, ...], noise: float = 1.0, **options: Any
) -> Verdict:
    """Judge a run whose tickets and controls lie this far from dense (in points, by level from 1), with some noise."""

    def quality(job: JobId) -> tuple[float, int]:
        wiggle = noise * WIGGLE[(job.replicate + 2 * job.level + 3 * len(job.control)) % len(WIGGLE)]
        offsets = ticket if job.control == "none" else control
        offset = offsets[job.level - 1] / 100 if job.level else 0.0
        step = 5000 if job.level == 0 else 4000 if job.control == "none" else 9000
        return 0.98 + 0.001 * job.replicate + offset + wiggle, step

    return verdict(make_run(levels=len(ticket), quality=quality, **options))


def test_a_clear_winning_ticket(make_run: Make) -> None:
    found = judged(make_run, (0.2, 0.3, 0.2, -3.0), (-0.1, -0.5, -2.0, -4.0), replicates=5)
    assert found.kind == "yes"
    assert found.headline == "There is a winning ticket"
    assert found.standing is not None
    assert found.standing.level == 3
    assert "level 3" in found.sentence
    assert "n = 5" in found.sentence
    assert "not worse than dense by more than 0.2 points" in found.sentence
    assert "1,000 steps earlier" in " ".join(found.notes)


def test_on_average_is_not_surely(make_run: Make) -> None:
    """The mean difference to dense is within the margin, its interval is not; the control is far below."""
    found = judged(make_run, (0.0, -0.05), (-1.0, -5.0), noise=6, replicates=3)
    assert found.kind == "likely"
    assert "on average" in found.sentence
    assert "is not excluded" in " ".join(found.notes)


def test_every_level_worse_than_dense(make_run: Make) -> None:
    found = judged(make_run, (-1.0, -2.0, -4.0), (-2.0, -3.0, -5.0))
    assert found.kind == "no"
    assert found.sentence.startswith("Every pruned level is worse than dense; the closest is")
    assert found.standing is not None
    assert found.standing.level == 1


def test_a_control_that_does_as_well(make_run: Make) -> None:
    found = judged(make_run, (0.2, 0.1), (0.2, 0.4))
    assert found.kind == "no"
    assert "does as well or better" in found.sentence


def test_the_level_is_chosen_without_looking_at_the_control(make_run: Make) -> None:
    """At level 1 the control happens to be below; the sparsest level that keeps up is 2, and there it is not."""
    found = judged(make_run, (0.2, 0.2), (-3.0, 0.5))
    assert found.kind == "no"
    assert found.standing is not None
    assert found.standing.level == 2


def test_a_lead_whose_interval_holds_zero_settles_nothing(make_run: Make) -> None:
    found = judged(make_run, (0.1,), (0.05,), noise=3)
    assert found.kind == "open"
    assert "includes zero" in found.sentence


def test_below_on_average_but_not_surely(make_run: Make) -> None:
    found = judged(make_run, (-0.5,), (-1.0,), noise=20)
    assert found.kind == "open"
    assert "not all intervals exclude" in found.sentence


@pytest.mark.parametrize("replicates", [1, 2])
def test_too_few_replicates_never_make_a_claim(make_run: Make, replicates: int) -> None:
    found = judged(make_run, (0.5, 0.5), (-3.0, -5.0), replicates=replicates)
    assert found.kind == "open"
    assert found.headline == "Too few replicates to tell"
    assert f"{replicates} replicate" in found.sentence
    assert "ticket minus dense" in found.sentence


def test_without_a_control_there_is_no_ticket_to_win(make_run: Make) -> None:
    found = judged(make_run, (0.2, 0.2), (), controls=())
    assert found.kind == "open"
    assert found.control is None
    assert "--controls reinit" in found.sentence
    assert judged(make_run, (-2.0, -3.0), (), controls=()).kind == "no"


def test_reinit_is_the_control_that_counts(make_run: Make) -> None:
    assert judged(make_run, (0.2,), (-2.0,), controls=("shuffle-layerwise:1", "reinit:1")).control == "reinit"
    assert judged(make_run, (0.2,), (-2.0,), controls=("shuffle-layerwise:1",)).control == "shuffle-layerwise"


def test_missing_controls_are_named(make_run: Make) -> None:
    found = judged(make_run, (0.2, 0.2), (-2.0, -3.0), absent=lambda job: job.control == "reinit" and job.replicate > 0)
    assert found.kind == "open"
    assert found.headline == "The control is missing"
    assert "1 pair" in found.sentence


def test_failed_jobs_are_left_out_and_told(make_run: Make) -> None:
    failed = {JobId(0, 2): "loss became NaN"}
    found = judged(make_run, (0.2, 0.2), (-2.0, -3.0), failed=failed, replicates=3)
    assert found.kind == "yes"
    assert found.standing is not None
    assert found.standing.level == 1, "level 2 has two pairs left, too few for a claim"
    assert "1 job of 15 failed and is left out." in found.notes
    assert "Sparser levels with fewer than 3 complete pairs are not judged." in found.notes


def test_failed_dense_networks_leave_nothing_to_judge(make_run: Make) -> None:
    found = judged(make_run, (0.2,), (-2.0,), failed={JobId(r, 0): "loss became NaN" for r in range(3)})
    assert (found.kind, found.headline) == ("open", "No result to judge")
    assert "3 jobs of 9 failed and are left out." in found.notes


def test_dense_only_and_empty_runs(make_run: Make) -> None:
    assert judged(make_run, (), (), controls=()).headline == "Nothing was pruned"
    empty = judged(make_run, (0.1,), (0.1,), absent=lambda job: True)
    assert (empty.kind, empty.headline) == ("open", "No result to judge")
    assert empty.notes == ("9 jobs of 9 are not there (yet).",)


def test_a_loss_of_exactly_the_margin_keeps_up(make_run: Make) -> None:
    """0.2 points are one image of 500: the last bit of a float must not decide."""
    found = judged(make_run, (-0.2,), (-2.0,), noise=1, replicates=5)
    assert found.standing is not None
    assert found.standing.minus_dense.mean == pytest.approx(-0.002, abs=1e-3)
    equal = judged(make_run, (-0.2,), (-2.0,), noise=0)
    assert equal.standing is not None
    assert equal.standing.keeps_up
    assert not equal.standing.surely_keeps_up, "equal differences are no certainty"


def test_gaps_say_why(make_run: Make) -> None:
    failed = {JobId(1, 1): "loss became NaN at step 40"}
    run = make_run(
        levels=2,
        failed=failed,
        absent=lambda j: (j.replicate == 1 and j.level == 2) or (j.replicate == 2 and j.level == 2),
    )
    found = {gap.job: (gap.status, gap.reason) for gap in gaps(run)}
    assert found[JobId(1, 1)] == ("failed", "loss became NaN at step 40")
    assert found[JobId(1, 2)] == ("absent", "needs replicate 1, level 1, which failed")
    assert found[JobId(1, 2, "reinit", 0)][1] == "needs replicate 1, level 1, which failed"
    assert found[JobId(2, 2)] == ("absent", "not run yet")
    assert len(found) == 5
    assert gaps(make_run()) == []


def test_two_pairs_are_never_sure() -> None:
    two, three = ([0.0101, 0.0102], [0.0101, 0.0102, 0.0103])
    for values, sure in ((two, False), (three, True)):
        good, bad = mean_interval(values), mean_interval([-value for value in values])
        up, down = Standing(1, 0.5, good, good, good), Standing(1, 0.5, bad, bad, bad)
        assert (up.surely_keeps_up, up.surely_above_control, down.surely_worse) == (sure, sure, sure)
        assert (down.surely_keeps_up, down.surely_above_control, up.surely_worse) == (False, False, False)
