"""What a study folder brings to its analysis: pairs, lock, families, rates (requirement R9; defect B16)."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tombola.cli.main import main
from tombola.cli.study_declared import doses_of
from tombola.study.answers import answers_frame, write_answers
from tombola.study.design.folder import Study
from tombola.study.design.spec import study_spec
from tombola.study.design.synthetic import synthetic_study
from tombola.study.lock import write_lock

LATER, EARLIER = "2999-01-01T00:00:00+00:00", "2001-01-01T00:00:00+00:00"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    found = synthetic_study(
        tmp_path_factory.mktemp("study") / "s", conditions=("b", "a"), classes=2, images_per_class=1, gold=1,
        repeats=1, practice=1, cap=4,
    )  # fmt: skip
    write_lock(found)
    return found


def answers(at: str, batch: str = "main", winner: str = "a") -> list[dict[str, Any]]:
    return [
        {
            "batch": batch, "participant": f"p{batch}{w}", "task": "pairwise", "kind": "main", "trial": f"t{i}",
            "image": i, "image_class": "circle", "left": "a", "right": "b", "at": at,
            "answer": winner if (w + i) % 3 else "b", "side": "left" if winner == "a" and (w + i) % 3 else "right",
        }
        for w in range(5)
        for i in (1, 2)
    ]  # fmt: skip


def analyse(study: Study, rows: list[dict[str, Any]], *extra: str) -> tuple[int, pd.DataFrame, str]:
    write_answers(answers_frame(rows), study.path / "export" / "answers.csv")
    status = main(["study", "analyse", str(study.path), "--valid", *extra])
    folder = study.path / "export" / "analysis" / "valid"
    if status:
        return status, pd.DataFrame(), ""
    return status, pd.read_csv(folder / "tests.csv").set_index("test"), (folder / "notes.txt").read_text()


def test_under_a_lock_that_holds_declared_tests_are_confirmatory(study: Study) -> None:
    status, tests, notes = analyse(study, answers(LATER), "--confirmatory")
    assert status == 0
    assert tests.label["share b v a"] == "confirmatory"
    assert tests.label["classes b v a"] == "exploratory"
    assert "Preregistered" in notes


def test_answers_from_before_the_lock_make_it_exploratory(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    rows = answers(LATER) + answers(EARLIER, "extra")
    _, tests, notes = analyse(study, rows)
    assert set(tests.label) == {"exploratory"}
    assert "came before the lock" in notes
    assert analyse(study, rows, "--confirmatory")[0] == 2
    assert "came before the lock" in " ".join(capsys.readouterr().err.split())
    assert analyse(study, rows, "--confirmatory", "--batch", "main")[0] == 0


def test_the_pilot_is_left_out_and_this_is_said(study: Study) -> None:
    """Defect B16."""
    rows = answers(LATER) + answers(EARLIER, "pilot", winner="b")
    _, tests, notes = analyse(study, rows, "--confirmatory")
    assert "Pilot answers came before the lock and are left out." in notes
    assert tests.estimate["share b v a"] == pytest.approx(3 / 10)


def test_rates_of_conditions_become_doses() -> None:
    conditions = [{"name": f"x{rate}", "compression_rate": rate, "replicate": 2} for rate in (1, 2, 4, 8)]
    spec = study_spec({"task": "recognition", "conditions": conditions, "classes": ["c", "d"]})
    doses, reference = doses_of(spec)
    assert doses is not None
    assert (doses["x8"].rate, doses["x8"].replicate, reference) == (8, 2, None)
    few = study_spec({"task": "recognition", "conditions": conditions[:3], "classes": ["c", "d"]})
    assert doses_of(few) == (None, None)
    more = [*conditions, {"name": "x16", "compression_rate": 16}]
    pairs = [["x1", each["name"]] for each in more[1:]]
    against_dense = study_spec({"conditions": more, "classes": ["c", "d"], "pairs": pairs})
    assert doses_of(against_dense)[1] == "x1"
    assert doses_of(study_spec({"conditions": more, "classes": ["c", "d"]})) == (None, None)


def test_no_answers_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = synthetic_study(tmp_path / "s", "recognition", classes=2, images_per_class=1)
    assert main(["study", "analyse", str(made.path)]) == 2
    assert "has no answers" in " ".join(capsys.readouterr().err.split())
