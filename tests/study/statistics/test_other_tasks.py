"""Agreement, distinction, forward simulation (reference: explainability 8)."""

import numpy as np
import pandas as pd
import pytest

from tombola.study.statistics import change_table, task_accuracy, trust_table


def test_distinction_against_one_in_four(make_answers) -> None:
    rows = [(w, i, "dense", "1", (w + i) % 2 == 0) for w in range(10) for i in range(1, 11)]
    row = task_accuracy(make_answers("distinction", rows)).iloc[0]
    assert (row.accuracy, row.chance, row.answers) == (0.5, 0.25, 100)
    lone = [(i, i, "dense", "1", i % 2 == 0) for i in range(1, 101)]
    found = task_accuracy(make_answers("distinction", lone)).iloc[0]
    assert found.p == pytest.approx(2 * 2.87e-7, rel=0.01)


def test_trust_in_right_and_wrong_predictions(make_answers) -> None:
    """Answers 3 and 4 trust; what is correct tells whether the prediction was right."""
    rows = [
        (0, 1, "x", "4", True), (1, 1, "x", "3", True), (2, 1, "x", "2", False), (3, 1, "x", "1", False),
        (0, 2, "x", "4", False), (1, 2, "x", "1", True), (2, 2, "x", "1", True), (3, 2, "x", "2", True),
    ]  # fmt: skip
    table = trust_table(make_answers("agreement", rows)).set_index("measure")
    assert table.value.to_dict() == {
        "trust in right predictions": 0.5, "trust in wrong predictions": 0.25, "right - wrong": 0.25,
    }  # fmt: skip
    assert list(table.answers) == [4, 4, 8]
    assert np.isnan(table.p["trust in right predictions"])
    accuracy = task_accuracy(make_answers("agreement", rows)).iloc[0]
    assert (accuracy.accuracy, accuracy.chance) == (0.625, 0.5)


def test_before_and_after_are_paired(make_answers) -> None:
    before = [(w, 1, "x", "dog", w < 2) for w in range(6)]
    after = [(w, 1, "x", "dog", w in (1, 2, 3, 4)) for w in range(6)]
    lone = make_answers("forward-simulation", [(9, 1, "x", "dog", True)], phase="after")
    frame = pd.concat(
        [
            make_answers("forward-simulation", before, phase="before"),
            make_answers("forward-simulation", after, phase="after"),
            lone,
        ],
        ignore_index=True,
    )
    row = change_table(frame).iloc[0]
    assert (row.pairs, row.gained, row.lost) == (6, 3, 1)
    assert (row.before, row.after) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert row.change == pytest.approx(1 / 3)
    table = task_accuracy(frame)
    assert list(table.phase) == ["before", "after"]
    assert table.p.isna().all()
