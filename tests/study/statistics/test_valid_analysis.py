"""All of section 11 in one call, on real answers and on hardly any."""

from pathlib import Path

import pandas as pd
import pytest

from tombola.errors import TombolaError
from tombola.study.statistics import Dose, valid_analysis

# defect B19: what pandas warns of today has no effect tomorrow
pytestmark = pytest.mark.filterwarnings("error", "ignore::ResourceWarning")


@pytest.mark.data
def test_the_published_answers(pairwise: pd.DataFrame, recognition: pd.DataFrame, tmp_path: Path) -> None:
    both = pd.concat([pairwise, recognition], ignore_index=True)
    found = valid_analysis(both, margin=0.05)
    assert set(found.tables) == {
        "pairs", "shares", "share_intervals", "share_images", "class_heterogeneity", "class_shares", "strengths",
        "strength_fits", "mixed", "mixed_spreads", "recognition", "recognition_differences", "recognition_majority",
        "recognition_tests", "agreement", "sensitivity", "tests",
    }  # fmt: skip
    notes = " ".join(found.notes)
    for part in ("misspecified", "Exploratory", "4 batches", "399 of 3,750", "295 of 7,500", "53.7 %", "17 pictures"):
        assert part in notes
    tests = found.tables["tests"].set_index("test")
    assert (tests.p_adjusted >= tests.p).all()
    assert set(tests.label) == {"exploratory"}
    made = found.write(tmp_path)
    assert len(made) == len(found.tables) + 1
    assert pd.read_csv(tmp_path / "shares.csv").shape == found.tables["shares"].shape


def test_hardly_any_answers(make_pairs, make_answers) -> None:
    """Degenerate studies are analysed without a crash, and say what they do not know."""
    one = make_pairs([(0, 1, "a", "b", "a")])
    found = valid_analysis(one)
    assert any("not determined" in note for note in found.notes)
    assert found.tables["shares"].p.isna().all()
    assert valid_analysis(make_pairs([(0, 1, "a", "b", "none")])).tables["pairs"].ties[0] == 1
    assert "recognition" in valid_analysis(make_answers("recognition", [(0, 1, "a", "none", False)])).tables
    for task in ("agreement", "distinction"):
        assert "task_accuracy" in valid_analysis(make_answers(task, [(0, 1, "a", "1", True)])).tables
    with pytest.raises(TombolaError, match="no answers"):
        valid_analysis(one.iloc[:0])


def test_doses_add_contrasts_and_their_caveat(make_answers) -> None:
    rows = [(w, i, f"{r}x", "dog" if (w + i + r) % 3 else "none", bool((w + i + r) % 3))
            for w in range(4) for i in range(1, 7) for r in (1, 2, 4, 8)]  # fmt: skip
    doses = {f"{rate}x": Dose(rate) for rate in (1, 2, 4, 8)}
    found = valid_analysis(make_answers("recognition", rows), doses=doses)
    assert len(found.tables["dose_contrasts"]) == 6
    assert sum("cannot separate pruning" in note for note in found.notes) == 1
    few = valid_analysis(make_answers("recognition", [row for row in rows if row[2] != "8x"]), doses=doses)
    assert "dose_contrasts" not in few.tables
    assert any("3 compression rates, 4 are needed" in note for note in few.notes)


def test_margins_by_the_name_of_the_test(make_answers, make_pairs) -> None:
    rows = [(w, i, c, "dog", bool((w + i + len(c)) % 3)) for w in range(6) for i in range(1, 9) for c in ("a", "bb")]
    frame = make_answers("recognition", rows)
    frame["answer"] = frame.answer.where(frame.correct, "none")
    table = valid_analysis(frame, margin={"abstention a - bb": 0.2}).tables["recognition_differences"]
    known = table.set_index("outcome").equivalence_p
    assert known["abstained"] < 1
    assert known.drop("abstained").isna().all()


def test_answers_without_a_phase_are_told(make_answers) -> None:
    frame = make_answers("forward-simulation", [(0, 1, "a", "dog", True), (1, 1, "a", "cat", False)])
    found = valid_analysis(frame)
    assert any("2 answers do not say whether they came before or after" in note for note in found.notes)
    assert "task_accuracy" not in found.tables


def test_a_lock_makes_declared_tests_confirmatory(make_pairs) -> None:
    frame = make_pairs([(w, i, "a", "b", "ab"[(w * i) % 2]) for w in range(5) for i in range(1, 9)])
    found = valid_analysis(frame, families={"main": ["share a v b"]}, locked=True)
    labels = found.tables["tests"].set_index("test").label
    assert labels["share a v b"] == "confirmatory"
    assert set(labels) == {"confirmatory", "exploratory"}
    assert any("confirmatory" in note for note in found.notes)
