"""The tidy frame: types, rules, and ``none`` as a value (defects B19, B20, B22)."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tombola.errors import TombolaError
from tombola.study.answers import COLUMNS, answers_frame, merge, read_answers, validate, write_answers

PAIR: dict[str, Any] = {
    "batch": "main", "participant": "p1", "task": "pairwise", "kind": "main", "trial": "t1", "image": 7,
    "image_class": "dog", "left": "2pruned", "right": "none-pruned", "answer": "none", "side": "none",
}  # fmt: skip
WINDOW: dict[str, Any] = {
    "batch": "main", "participant": "p1", "task": "recognition", "kind": "main", "trial": "t2", "image": 7,
    "image_class": "NA", "condition": "nan", "answer": "none", "correct": False, "confidence": 3, "seconds": 1.25,
    "focus_losses": 0, "at": "2026-01-02T03:04:05+00:00", "options_order": "NA|null|none",
}  # fmt: skip


def test_every_column_has_its_type() -> None:
    frame = answers_frame([PAIR, WINDOW])
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == dict(COLUMNS)
    assert {name: str(kind) for name, kind in answers_frame([]).dtypes.items()} == dict(COLUMNS)


def test_none_and_its_relatives_survive_a_file(tmp_path: Path) -> None:
    """Defect B20: pandas reads "none", "NA", "nan", "null" as missing unless it is told not to."""
    frame = answers_frame([PAIR, WINDOW])
    write_answers(frame, tmp_path / "a.csv")
    again = read_answers(tmp_path / "a.csv")
    pd.testing.assert_frame_equal(again, frame)
    assert list(again.answer) == ["none", "none"]
    assert again.image_class[1] == "NA"
    assert again.condition[1] == "nan"
    assert again.confidence[0] is pd.NA


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None)
@given(answer=TEXTS, condition=TEXTS, seconds=st.none() | st.floats(0, 1e6), correct=st.none() | st.booleans())
def test_any_answer_survives_a_file(
    tmp_path_factory: pytest.TempPathFactory, answer: str, condition: str, seconds: float | None, correct: bool | None
) -> None:
    frame = answers_frame([WINDOW | {"answer": answer, "condition": condition, "seconds": seconds, "correct": correct}])
    path = tmp_path_factory.mktemp("any") / "a.csv"
    write_answers(frame, path)
    pd.testing.assert_frame_equal(read_answers(path), frame)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"task": "pairs"}, "the task is none of"),
        ({"kind": "real"}, "the kind is none of"),
        ({"answer": None}, "'answer' is missing"),
        ({"participant": "A1B2C3D4E5F6G7"}, "not a pseudonym"),
        ({"participant": "5f0a1b2c3d4e5f6a7b8c9d0e"}, "not a pseudonym"),
        ({"answer": "2pruned"}, "not what stood on the chosen side"),
        ({"side": "middle"}, "side is none of"),
        ({"side": None}, "no 'side'"),
        ({"left": "none-pruned"}, "compared with itself"),
        ({"confidence": 5}, "confidence"),
        ({"seconds": -1}, "negative"),
        ({"phase": "during"}, "phase"),
        ({"image": None}, "no 'image'"),
        ({"condition": "2pruned"}, "besides"),
        ({"seconds": "fast"}, "seconds"),
        ({"correct": "perhaps"}, "correct"),
        ({"participants": "p1"}, "did you mean 'participant'"),
    ],
)
def test_what_is_wrong_is_refused_in_a_sentence(change: dict[str, Any], why: str) -> None:
    with pytest.raises(TombolaError, match=why):
        answers_frame([PAIR, PAIR | change])


def test_nothing_is_written_about_a_person(tmp_path: Path) -> None:
    """Defect B22: a frame with MTurk's own ids cannot be written at all."""
    frame = answers_frame([PAIR])
    frame["participant"] = pd.array(["A1B2C3D4E5F6G7"], "string")
    with pytest.raises(TombolaError, match="not a pseudonym"):
        write_answers(frame, tmp_path / "a.csv")
    assert not (tmp_path / "a.csv").exists()


def test_types_that_were_guessed_are_refused(tmp_path: Path) -> None:
    write_answers(answers_frame([PAIR]), tmp_path / "a.csv")
    with pytest.raises(TombolaError, match="it must be"):
        validate(pd.read_csv(tmp_path / "a.csv"))


def test_batches_stay_apart() -> None:
    """Defect B16: a batch that comes twice, or two that cannot be told apart, are refused."""
    pilot, main = answers_frame([PAIR | {"batch": "pilot"}]), answers_frame([PAIR])
    assert list(merge([pilot, main]).batch) == ["pilot", "main"]
    with pytest.raises(TombolaError, match="batch 'main' comes twice"):
        merge([main, main])


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(TombolaError, match="no file"):
        read_answers(tmp_path / "absent.csv")
