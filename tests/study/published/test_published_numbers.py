"""Every number of section 10 that the supplied files determine (reference: explainability 10; requirement R11)."""

import numpy as np
import pandas as pd
import pytest

from tombola.errors import TombolaError
from tombola.study.answers import of_task
from tombola.study.published import (
    accuracy_by,
    class_counts,
    confusion_matrices,
    goodness_of_fit,
    pair_tests,
    plurality,
    published_alpha,
    published_analysis,
    recognition_tests,
    side_counts,
    tie_rate_test,
    worker_counts,
)
from tombola.study.published.preference import heterogeneity_tests
from tombola.study.statistics.recognition import repeated_images

PAIRS = {
    "2pruned v nonpruned": (1343, 636, 521, 0.549697, 11.4304, 7.225e-4, 7.225e-4, 0.5372),
    "nonpruned v 32pruned": (660, 997, 843, 0.541848, 12.8891, 3.305e-4, 6.610e-4, 0.2640),
    "2pruned v 32pruned": (542, 1082, 876, 0.552605, 21.6731, 3.233e-6, 9.699e-6, 0.2168),
}
CLASSES = {
    "fish": ((46, 32, 172), (159, 34, 57), (136, 62, 52)),
    "dog": ((102, 39, 109), (76, 133, 41), (106, 97, 47)),
    "cassetteplayer": ((75, 47, 128), (101, 87, 62), (129, 84, 37)),
    "chainsaw": ((52, 57, 141), (100, 91, 59), (100, 103, 47)),
    "church": ((97, 75, 78), (98, 108, 44), (106, 95, 49)),
    "frenchhorn": ((39, 55, 156), (66, 54, 130), (77, 74, 99)),
    "garbagetruck": ((69, 60, 121), (116, 76, 58), (123, 78, 49)),
    "gaspump": ((59, 51, 140), (85, 86, 79), (101, 94, 55)),
    "golfball": ((39, 36, 175), (112, 50, 88), (121, 62, 67)),
    "parachute": ((58, 69, 123), (84, 124, 42), (83, 127, 40)),
}
pytestmark = [pytest.mark.data, pytest.mark.filterwarnings("error", "ignore::ResourceWarning")]  # warnings: defect B19


def three_digits(value: float) -> object:
    """p-values are stated to four digits; three are asked for."""
    return pytest.approx(value, rel=1e-3)


def test_votes_of_the_three_pairs(pairwise: pd.DataFrame) -> None:
    table = pair_tests(pairwise).set_index("pair")
    assert list(table.index) == list(PAIRS)
    for name, (ties, first, second, share, chi2, p, adjusted, tied) in PAIRS.items():
        row = table.loc[name]
        assert (row.votes, row.ties, row.first_wins, row.second_wins) == (2500, ties, first, second)
        assert row.first_share == pytest.approx(share, abs=5e-7)
        assert row.tie_share == pytest.approx(tied, abs=5e-5)
        assert row.chi2 == pytest.approx(chi2, abs=1e-4)
        assert row.p == three_digits(p)
        assert row.p_holm == three_digits(adjusted)
    assert table.binomial_p.iloc[0] == three_digits(7.966e-4)


def test_votes_by_class(pairwise: pd.DataFrame) -> None:
    table = class_counts(pairwise)
    for number, pair in enumerate(PAIRS):
        mine = table[table.pair == pair]
        assert list(mine.image_class) == list(CLASSES)
        found = dict(zip(mine.image_class, zip(mine.first_wins, mine.second_wins, mine.ties, strict=True), strict=True))
        assert found == {name: rows[number] for name, rows in CLASSES.items()}
    first = table[table.pair == "2pruned v nonpruned"].set_index("image_class").difference
    assert (first["dog"], first.sum()) == (63, 115)
    assert (first > 0).any()
    assert (first < 0).any()


def test_classes_and_tie_rates_differ(pairwise: pd.DataFrame) -> None:
    found = heterogeneity_tests(pairwise).set_index("test")
    assert found.chi2["classes nonpruned v 32pruned"] == pytest.approx(127.419, abs=5e-4)
    assert found.df["classes nonpruned v 32pruned"] == 9
    chi2, df, _ = tie_rate_test(pairwise)
    assert df == 2
    # the reference prints 667.308; its own counts (1343, 660, 542 of 2,500 each) give 667.3107
    assert chi2 == pytest.approx(667.3107, abs=1e-4)
    assert chi2 == pytest.approx(667.308, rel=1e-4)


def test_ties_sides_and_who_stood_left(pairwise: pd.DataFrame) -> None:
    table = side_counts(pairwise).set_index("pair")
    everything = table.loc["all"]
    assert (everything.left_wins, everything.right_wins, everything.ties) == (2460, 2495, 2545)
    assert everything.ties / len(pairwise) == pytest.approx(0.3393, abs=5e-5)
    assert list(table.pictures) == [500, 500, 500, 1500]
    assert list(table.first_left)[:3] == [261, 242, 242]


def test_alpha_by_what_is_done_with_duplicates(pairwise: pd.DataFrame, recognition: pd.DataFrame) -> None:
    table = published_alpha(pairwise).set_index("duplicates")
    assert table.alpha["first"] == pytest.approx(0.235853, abs=1e-6)
    assert table.alpha["all"] == pytest.approx(0.236128, abs=1e-6)
    assert table.alpha["last"] == pytest.approx(0.235986, abs=1e-6)
    assert set(table.duplicate_answers) == {6}
    assert published_alpha(recognition).alpha.to_numpy() == pytest.approx([0.786679] * 3, abs=1e-6)


def test_alpha_of_the_last_answer_depends_on_file_order(pairwise: pd.DataFrame) -> None:
    turned = published_alpha(pairwise.iloc[::-1].reset_index(drop=True)).set_index("duplicates").alpha
    assert turned["last"] == pytest.approx(0.235853, abs=1e-6)


def test_workers(pairwise: pd.DataFrame, recognition: pd.DataFrame) -> None:
    row = worker_counts(pairwise).iloc[0]
    assert (row.workers, row.median_answers, row.most_answers, row.answered_once) == (267, 14, 248, 32)
    assert row.busiest_share == pytest.approx(0.224, abs=5e-4)
    assert worker_counts(recognition).workers.iloc[0] == 109


def test_recognition_accuracy(recognition: pd.DataFrame) -> None:
    table = accuracy_by(recognition)
    total = table[table.image_class == "all"].set_index("condition")
    assert list(total.answers) == [1250, 1250, 1250, 3750]
    assert total.correct.to_dict() == {"nonpruned": 1081, "2pruned": 1087, "32pruned": 1039, "all": 3207}
    assert total.abstained.to_dict() == {"nonpruned": 123, "2pruned": 106, "32pruned": 154, "all": 383}
    by_class = table[(table.condition == "all") & (table.image_class != "all")]
    assert list(by_class.image_class) == list(CLASSES)
    assert list(by_class.images) == [26, 28, 24, 25, 27, 24, 24, 26, 29, 17]


def test_four_confusion_matrices(recognition: pd.DataFrame) -> None:
    found = confusion_matrices(recognition)
    assert list(found) == ["all", "nonpruned", "2pruned", "32pruned"]
    assert list(found["all"].columns) == ["image_class", *CLASSES, "none"]
    chainsaw = found["all"].set_index("image_class").loc["chainsaw"]
    assert list(chainsaw) == [4, 1, 3, 254, 0, 5, 8, 21, 0, 4, 75]
    parts = sum(found[name].set_index("image_class") for name in ("nonpruned", "2pruned", "32pruned"))
    pd.testing.assert_frame_equal(parts, found["all"].set_index("image_class"))
    diagonal = np.diag(found["2pruned"].set_index("image_class").to_numpy())
    assert diagonal.sum() == 1087


def test_contingency_plurality_and_repeats(recognition: pd.DataFrame) -> None:
    tests = recognition_tests(recognition).set_index("test")
    assert tests.chi2["all"] == pytest.approx(8.8377, abs=1e-4)
    assert tests.df["all"] == 2
    assert tests.p["all"] == three_digits(0.012048)
    assert tests.chi2["nonpruned v 32pruned"] == pytest.approx(5.4742, abs=1e-4)
    assert tests.p["nonpruned v 32pruned"] == three_digits(0.0193)
    table = plurality(recognition)
    assert list(table.right) == [225, 231, 224]
    assert list(table.tied) == [4, 7, 6]
    assert repeated_images(recognition) == 399


def test_none_is_an_answer_not_a_gap(pairwise: pd.DataFrame, recognition: pd.DataFrame) -> None:
    """Defect B20: 2,545 and 383 answers are the text "none"."""
    assert (pairwise.answer == "none").sum() == 2545
    assert (recognition.answer == "none").sum() == 383
    assert not pairwise.answer.isna().any()


def test_another_sample_is_no_expectation(recognition: pd.DataFrame) -> None:
    """Defect B18, section 10.5: 2pruned's correct counts against nonpruned's as "expected"."""
    table = accuracy_by(recognition)
    counts = [
        table[(table.condition == name) & (table.image_class != "all")].correct for name in ("2pruned", "nonpruned")
    ]
    with pytest.raises(TombolaError, match="contingency test"):
        goodness_of_fit(*counts)


def test_the_whole_analysis_in_one_call(pairwise: pd.DataFrame, recognition: pd.DataFrame) -> None:
    both = pd.concat([pairwise, recognition], ignore_index=True)
    found = published_analysis(both)
    assert len(of_task(both, "recognition")) == 3750
    assert {"pairs", "classes", "heterogeneity", "sides", "accuracy", "confusion_all", "confusion_2pruned"} <= set(
        found.tables
    )
    assert any("independent" in note for note in found.notes)
    assert any("399" in note for note in found.notes)
