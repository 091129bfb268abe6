"""``tombola study import`` (requirement R8: 33/41-column import; defects B16, B22)."""

import csv
from pathlib import Path

import pytest

from tombola.cli.main import main
from tombola.study.answers import answers_frame, read_answers, write_answers
from tombola.study.files import pseudonym, read_salt

COLUMNS = (
    *("HITId", "AssignmentId", "WorkerId", "AssignmentStatus", "SubmitTime", "Reward", "WorkTimeInSeconds"),
    *("RequesterAnnotation", "Input.image_url", "Answer.algorithms.alg1", "Answer.algorithms.alg2"),
    "Answer.algorithms.none",
)
ROW = (
    *("3HIT", "3A", "A1B2C3D4E5F6G7", "Approved", "Mon Jun 14 06:05:05 PDT 2021", "$0.01", "10", "BatchId:7;"),
    *("8_2pruned_1-dog_nonpruned.png", "false", "false", "true"),
)


def batch(folder: Path, *rows: tuple[str, ...]) -> Path:
    path = folder / "batch.csv"
    with path.open("w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([COLUMNS, *rows])
    return path


def test_mturk_results_become_answers_and_tables_beside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    none = (*ROW[:1], "3B", *ROW[2:-1], "false")
    out = tmp_path / "out" / "a.csv"
    assert main(["study", "import", "mturk", str(batch(tmp_path, ROW, none)), "--out", str(out)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(out)
    frame = read_answers(out)
    assert list(frame.answer) == ["none"]
    beside = sorted(path.name for path in out.parent.iterdir())
    assert beside == ["a-payments.csv", "a-reported.csv", "a.csv"]
    written = "".join(path.read_text() for path in out.parent.iterdir())
    assert "A1B2C3D4E5F6G7" not in written
    assert "3HIT" not in written


def test_a_kept_salt_joins_imports_a_forgotten_one_does_not(tmp_path: Path) -> None:
    path, salt = batch(tmp_path, ROW), tmp_path / "salt"
    names = []
    for extra in (["--salt", str(salt)], ["--salt", str(salt)], [], []):
        assert main(["study", "import", "mturk", str(path), "--out", str(tmp_path / "a.csv"), *extra]) == 0
        names.append(read_answers(tmp_path / "a.csv").participant[0])
    assert names[0] == names[1]
    assert len(set(names)) == 3


def test_prolific_submissions_meet_a_studys_answers(tmp_path: Path) -> None:
    person, salt = "5f0a1b2c3d4e5f6a7b8c9d0e", tmp_path / "salt"
    row = {
        "batch": "main", "participant": pseudonym(person, read_salt(salt)), "task": "recognition", "kind": "main",
        "trial": "t", "image": 1, "image_class": "dog", "condition": "dense", "answer": "dog", "correct": True,
    }  # fmt: skip
    write_answers(answers_frame([row]), tmp_path / "answers.csv")
    (tmp_path / "p.csv").write_text(f"Submission id,Participant id,Status,Time taken\ns,{person},APPROVED,60\n")
    args = ["study", "import", "prolific", str(tmp_path / "p.csv"), "--out", str(tmp_path / "joined.csv")]
    assert main(args) == 2
    assert main([*args, "--answers", str(tmp_path / "answers.csv"), "--salt", str(salt)]) == 0
    assert len(read_answers(tmp_path / "joined.csv")) == 1
    assert person not in (tmp_path / "joined-participants.csv").read_text()


@pytest.mark.parametrize(
    ("args", "why"),
    [
        ([], "say what to import"),
        (["mturc", "x"], "did you mean 'mturk'"),
        (["mturk"], "needs a FILE"),
        (["mturk", "absent.csv"], "there is no file"),
        (["mturk", "absent.csv", "--columns", "x"], "say FROM=TO"),
        (["prolific", "absent.csv"], "--answers FILE"),
    ],
)
def test_mistakes_are_one_sentence(args: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "import", *args]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert why in told
    assert "Traceback" not in told
