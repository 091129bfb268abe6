from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from tombola.analysis import Contrast, paired_test, power_note, reach, typical_need

Make = Callable[..., Any]


def levels(differences: Sequence[Sequence[float]]) -> list[Contrast]:
    """Ticket minus dense per level, from the differences of its replicates, in points."""
    made = []
    for i, each in enumerate(differences):
        test = paired_test({r: d / 100 for r, d in enumerate(each)}, dict.fromkeys(range(len(each)), 0.0))
        made.append(Contrast(i + 1, 0.8 ** (i + 1), "dense", test))
    return made


GOOD, POOR, BAD = [0.02, -0.03, 0.01, 0.0, 0.05], [0.3, -0.4, 0.1, -0.2, 0.2], [-1.0, -1.1, -0.9, -1.2, -1.0]


def test_the_claim_ends_at_the_first_failure() -> None:
    found = reach(levels([GOOD, GOOD, BAD, GOOD]))
    assert found.last is not None
    assert (found.last.level, found.n) == (2, 5)
    assert (
        "Down to 64.00\u202f% density (level 2) the ticket is not worse than dense by more than 0.2 points (n = 5)"
        in (found.sentence)
    )
    assert "at 51.20\u202f% density (level 3) a loss of 1.18 points is not excluded" in found.sentence
    assert found.sentence.endswith("Level 4 (density 40.96\u202f%) would pass on its own.")


def test_no_interval_no_claim() -> None:
    assert reach([]).sentence.startswith("Nothing was pruned")
    assert reach(levels([[], []])).sentence.startswith("No replicate has both")
    for n in (1, 2):
        few = reach(levels([[0.5, 0.6][:n]]))
        assert few.last is None
        assert few.sentence.startswith(f"{n} replicate")
        assert f"(n = {n})" in few.sentence
        assert ("95" in few.sentence) == (n == 2)
    equal = reach(levels([[0.2] * 3, GOOD]))
    assert equal.last is None
    assert "all 3 differences are equal" in equal.sentence
    gap = reach(levels([GOOD, GOOD[:2], GOOD]))
    assert gap.last is not None
    assert gap.last.level == 1
    assert "has 2 complete pairs and 3 are needed" in gap.sentence


def test_the_tolerance_decides() -> None:
    """The lower end of the second level is 2.776 x 0.2915 / sqrt(5) = 0.362 points below zero."""
    assert reach(levels([GOOD, POOR]), 0.0036).last == reach(levels([GOOD])).last
    wide = reach(levels([GOOD, POOR]), 0.0037).last
    assert wide is not None
    assert wide.level == 2
    assert "within 0 points of dense" in reach(levels([POOR]), 0).sentence


def test_all_levels_pass() -> None:
    assert reach(levels([GOOD, GOOD])).sentence.endswith("(n = 5), the sparsest level there is.")


@pytest.mark.parametrize("n", [3, 5, 12])
def test_false_claims_are_rare(n: int) -> None:
    """Levels lose 0, 0, then exactly the tolerance: claiming the third level is the error, at most 2.5 % of the time.

    The bootstrap (n = 12) is a little short and errs in up to 5 %.
    """
    draw, false, trials = np.random.default_rng(n), 0, 1500 if n < 10 else 120
    for _ in range(trials):
        noise = draw.normal(0, 0.1, (4, n))
        found = reach(levels(np.array([0.3, 0.3, -0.2, -0.2])[:, None] + noise))
        false += found.last is not None and found.last.level >= 3
    assert false / trials <= (0.035 if n < 10 else 0.075)


def test_testing_every_level_alone_would_err_more() -> None:
    """Six levels on the boundary: the sparsest that passes alone is a false claim far more often than the chain is."""
    draw, chain, alone, trials = np.random.default_rng(0), 0, 0, 800
    for _ in range(trials):
        made = levels(draw.normal(-0.2, 0.1, (6, 4)))
        chain += reach(made).last is not None
        alone += any(each.difference.interval.low >= -0.002 for each in made)
    assert chain / trials < 0.045
    assert alone / trials > 0.1


def test_power_notes() -> None:
    note = power_note(levels([GOOD, POOR]))
    assert "a difference of 0.2 points with 80\u202f% probability takes" in note
    assert "With n = 5 that spread is known roughly" in note
    assert "cannot be said" in power_note(levels([[0.1]]))
    assert "cannot be said" in power_note([])
    assert "more than 100,000" in power_note(levels([[50.0, -60.0, 30.0]]))
    spreads = [each.difference.spread for each in levels([GOOD, POOR])]
    assert typical_need(levels([GOOD, POOR])).spread == pytest.approx(np.sqrt(np.mean(np.square(spreads))))


def test_a_run_says_it_itself(make_run: Make) -> None:
    from tombola.analysis import against_dense

    run = make_run(replicates=5, levels=3)
    found = against_dense(run)
    assert [each.level for each in found] == [1, 2, 3]
    assert all(each.difference.interval.n == 5 for each in found)
    assert reach(found).n == 5
