"""Alpha, gold accuracy, test-retest (reference: explainability 11.9)."""

import sys

import numpy as np
import pandas as pd
import pytest

from tombola.errors import TombolaError
from tombola.study.statistics import alpha, gold_accuracy, retest_agreement, retests, unit_counts
from tombola.study.statistics.agreement import _alphas, nominal_alpha

CODERS = (
    ("1", "2", "3", "3", "2", "1", "4", "1", "2", "", "", ""),
    ("1", "2", "3", "3", "2", "2", "4", "1", "2", "5", "", "3"),
    ("", "3", "3", "3", "2", "3", "4", "2", "2", "5", "1", ""),
    ("1", "2", "3", "3", "2", "4", "4", "1", "2", "5", "1", ""),
)


def counts(coders=CODERS) -> np.ndarray:
    table = np.array(coders)
    return np.stack([(table == kind).sum(0) for kind in "12345"], 1)


def test_the_textbook_example() -> None:
    found = alpha(counts())
    assert found.value == pytest.approx(0.743421, abs=5e-7)
    assert (found.units, found.answers) == (11, 40)
    assert found.interval.low < found.value < found.interval.high


def test_draws_follow_the_same_definition() -> None:
    """Each unit drawn once is the estimate itself; a unit drawn twice is two units."""
    table = counts()[:11]
    assert _alphas(np.ones((1, 11)), table)[0] == pytest.approx(nominal_alpha(table))
    weights = np.array([[2, 0, 1, 3, 1, 1, 0, 1, 1, 1, 0]])
    assert _alphas(weights.astype(float), table)[0] == pytest.approx(
        nominal_alpha(np.repeat(table, weights[0], axis=0))
    )


def test_no_variation_no_alpha() -> None:
    assert np.isnan(alpha([[3, 0], [2, 0]]).value)
    assert np.isnan(alpha(np.zeros((0, 2))).value)
    assert alpha([[2, 0], [0, 2]]).value == 1


def test_sides_make_no_other_unit_but_conditions_do(make_pairs) -> None:
    frame = make_pairs([(0, 1, "a", "b", "a"), (1, 1, "b", "a", "a"), (2, 1, "a", "c", "a"), (0, 1, "b", "a", "b")])
    table = unit_counts(frame)
    assert len(table) == 2
    assert int(table.to_numpy().sum()) == 3
    assert int(unit_counts(frame, duplicates="all").to_numpy().sum()) == 4
    assert unit_counts(frame, duplicates="last")["b"].sum() == 1
    with pytest.raises(TombolaError, match="duplicates"):
        unit_counts(frame, duplicates="best")  # type: ignore[arg-type]


def test_gold_by_participant(make_answers) -> None:
    rows = [(0, 1, None, "x", True), (0, 2, None, "x", False), (1, 1, None, "x", True), (2, 1, None, "x", None)]
    table = gold_accuracy(make_answers("recognition", rows, kind="gold")).set_index("participant")
    assert table.gold_accuracy.to_dict() == {"w0": 0.5, "w1": 1.0}


def test_repeats_meet_what_they_repeat(make_answers, make_pairs) -> None:
    main = make_pairs([(0, 1, "a", "b", "a"), (0, 2, "a", "b", "b"), (1, 1, "a", "b", "none")])
    again = make_pairs([(0, 1, "b", "a", "a"), (0, 2, "b", "a", "a"), (1, 2, "a", "b", "a")], kind="repeat")
    frame = pd.concat([main, again], ignore_index=True)
    found = retests(frame)
    assert list(found.same) == [True, False]
    share, kappa = retest_agreement(frame)
    assert (share.value, share.n) == (0.5, 2)
    assert kappa == pytest.approx((0.5 - 0.5) / 0.5)
    assert np.isnan(retest_agreement(main)[1])


def test_without_the_package_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "krippendorff", None)
    with pytest.raises(TombolaError, match=r"pip install 'tombola\[analysis\]'"):
        nominal_alpha([[2, 0], [1, 1]])
