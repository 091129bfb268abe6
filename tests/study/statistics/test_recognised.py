"""Recognition (reference: explainability 11.5 and 10.4)."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from tombola.study.statistics import accuracy_table, class_effects, difference_table, friedman, majority_table, pairs_of
from tombola.study.statistics.recognition import outcome_test


@pytest.mark.data
def test_the_published_half(recognition: pd.DataFrame) -> None:
    table = accuracy_table(recognition)
    assert list(table.condition) == ["nonpruned", "2pruned", "32pruned"]
    assert list(table.correct) == [1081, 1087, 1039]
    assert list(table.abstained) == [123, 106, 154]
    assert (table.correct + table.wrong + table.abstained == 1250).all()
    assert (table.design_effect > 1).all()
    found = outcome_test(recognition)
    assert (found.statistic, found.df) == (pytest.approx(8.8377, abs=1e-4), 2)
    assert found.p == pytest.approx(0.012048, rel=1e-3)
    pair = outcome_test(recognition, ("nonpruned", "32pruned"))
    assert pair.statistic == pytest.approx(5.4742, abs=1e-4)


@pytest.mark.data
def test_differences_are_clustered_and_paired_by_image(recognition: pd.DataFrame) -> None:
    table = difference_table(recognition, margin=0.05).set_index(["first", "second", "outcome"])
    row = table.loc[("nonpruned", "32pruned", "correct")]
    assert row.difference == pytest.approx((1081 - 1039) / 1250)
    assert row.naive_p == pytest.approx(0.0193, abs=3e-4)
    assert row.p > 0.05 > row.naive_p
    assert row.images == 250
    assert 0 < row.equivalence_p < 1
    silent = table.loc[("nonpruned", "32pruned", "abstained")]
    assert silent.difference == pytest.approx((123 - 154) / 1250)


@pytest.mark.data
def test_images_paired_over_conditions(recognition: pd.DataFrame) -> None:
    """Against scipy on a table built another way."""
    shares = recognition.assign(right=recognition.correct.astype(float)).pivot_table(
        index="image", columns="condition", values="right"
    )
    found = friedman(recognition)
    wanted = scipy.stats.friedmanchisquare(*(shares[name] for name in shares))
    assert (found.statistic, found.p) == (pytest.approx(wanted.statistic), pytest.approx(wanted.pvalue))
    assert found.df == 2


def test_ties_are_reported_whatever_the_order(make_answers) -> None:
    rows = [(0, 1, "a", "dog", True), (1, 1, "a", "cat", False), (0, 2, "a", "dog", True), (1, 2, "a", "dog", True),
            (0, 3, "a", "none", False), (1, 3, "a", "none", False), (0, 4, "a", "cat", False)]  # fmt: skip
    for order in (rows, rows[::-1]):
        row = majority_table(make_answers("recognition", order)).iloc[0]
        assert (row.pictures, row.right, row.wrong, row.abstained, row.tied, row.tied_with_right) == (4, 1, 1, 1, 1, 1)


def test_abstentions_are_apart_from_errors(make_answers) -> None:
    rows = [(0, 1, "a", "dog", True), (1, 1, "a", "none", False), (2, 1, "a", "cat", False), (3, 1, "a", "none", False)]
    row = accuracy_table(make_answers("recognition", rows)).iloc[0]
    assert (row.correct, row.wrong, row.abstained) == (1, 1, 2)
    assert (row.accuracy, row.abstention, row.accuracy_given_answer) == (0.25, 0.5, 0.5)


@pytest.mark.data
def test_classes_are_tested_together_first(pairwise: pd.DataFrame) -> None:
    found = class_effects(pairwise, pairs_of(pairwise)[1])
    assert (found.naive.statistic, found.naive.df) == (pytest.approx(127.419, abs=5e-4), 9)
    assert found.clustered.df == 9
    assert found.clustered.statistic < found.naive.statistic
    assert list(found.table.p_adjusted >= found.table.p) == [True] * 10


def test_without_heterogeneity_classes_are_not_tested(make_pairs) -> None:
    rng = np.random.default_rng(0)
    rows = [(w, i, "a", "b", "a" if rng.random() < 0.5 else "b") for w in range(20) for i in range(1, 13)]
    frame = make_pairs(rows)
    frame["image_class"] = frame.image.map(lambda i: "even" if i % 2 == 0 else "odd").astype("string")
    found = class_effects(frame, pairs_of(frame)[0])
    assert found.clustered.p > 0.05
    assert found.table.p.isna().all()
    assert found.table.first_share.notna().all()
    split = frame.assign(answer=frame.left.where(frame.image % 2 == 0, frame.right))
    split["answer"] = split.answer.mask(split.participant == "w0", "a").mask(split.participant == "w1", "b")
    clear = class_effects(split, pairs_of(split)[0])
    assert clear.clustered.p < 1e-6
    assert clear.table.p.notna().all()
