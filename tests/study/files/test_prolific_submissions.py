from pathlib import Path

import pytest

from tombola.errors import TombolaError
from tombola.study.answers import answers_frame, write_answers
from tombola.study.files import join_submissions, pseudonym, read_salt, read_submissions
from tombola.study.files.prolific import read_raw_answers

SALT = bytes(range(32))
PEOPLE = [f"{number:024x}" for number in range(5)]
HEADER = (
    "Submission id,Participant id,Status,Started at,Completed at,Time taken,Completion code,Total approvals,Age,Country"
)


def export(folder: Path, *statuses: str) -> Path:
    rows = [
        f"sub{i},{PEOPLE[i]},{status},2026-01-01T10:00:00Z,2026-01-01T10:09:00Z,540,C0DE,12,3{i},X"
        for i, status in enumerate(statuses)
    ]
    path = folder / "prolific.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def answer(person: str, image: int = 1) -> dict[str, object]:
    return {
        "batch": "main", "participant": person, "task": "recognition", "kind": "main", "trial": f"t{image}",
        "image": image, "image_class": "dog", "condition": "dense", "answer": "none", "correct": False,
    }  # fmt: skip


def test_people_are_replaced_and_most_columns_dropped(tmp_path: Path) -> None:
    """Defect B22."""
    path = export(tmp_path, "APPROVED", "AWAITING REVIEW")
    found = read_submissions(path, SALT, demographics=["Age"])
    text = found.to_csv()
    assert not any(name in text for name in (*PEOPLE, "sub0", "Country"))
    assert list(found.Age) == ["30", "31"]
    assert found.seconds[0] == 540
    assert found.participant[0] == pseudonym(PEOPLE[0], SALT)


def test_answers_meet_their_submissions(tmp_path: Path) -> None:
    submissions = read_submissions(export(tmp_path, "APPROVED", "RETURNED", "TIMED-OUT", "APPROVED"), SALT)
    names = [pseudonym(person, SALT) for person in PEOPLE]
    frame = answers_frame([answer(names[0]), answer(names[1]), answer(names[4]), answer(names[0], 2)])
    found = join_submissions(frame, submissions)
    assert list(found.answers.participant) == [names[0]] * 2
    assert list(found.participants.answers) == [2, 1, 0, 0]
    reasons = dict(zip(found.reported.participant, found.reported.reason, strict=True))
    assert reasons == {
        names[1]: "submission returned", names[4]: "no submission on Prolific", names[3]: "no answer in the study",
    }  # fmt: skip


def test_other_salts_are_noticed(tmp_path: Path) -> None:
    submissions = read_submissions(export(tmp_path, "APPROVED"), SALT[::-1])
    with pytest.raises(TombolaError, match="salt"):
        join_submissions(answers_frame([answer(pseudonym(PEOPLE[0], SALT))]), submissions)


def test_raw_answers_are_pseudonymised_on_the_way_in(tmp_path: Path) -> None:
    frame = answers_frame([answer("someone"), answer("p0123456789abcdef")])
    write_answers(frame, tmp_path / "a.csv")
    path = tmp_path / "raw.csv"
    path.write_text((tmp_path / "a.csv").read_text().replace("someone", PEOPLE[2]))
    assert list(read_raw_answers(path, SALT).participant) == [pseudonym(PEOPLE[2], SALT), "p0123456789abcdef"]


def test_unknown_columns_and_statuses(tmp_path: Path) -> None:
    with pytest.raises(TombolaError, match="unknown status 'MAYBE'"):
        read_submissions(export(tmp_path, "MAYBE"), SALT)
    with pytest.raises(TombolaError, match="no column 'Sex'"):
        read_submissions(export(tmp_path, "APPROVED"), SALT, demographics=["Sex"])


def test_salts_are_kept_for_their_owner(tmp_path: Path) -> None:
    path = tmp_path / "salt"
    first = read_salt(path)
    assert path.stat().st_mode & 0o077 == 0
    assert read_salt(path) == first
    assert len(first) == 32
    assert pseudonym("x", first) != pseudonym("x", first, "trial")
    assert pseudonym(" x\n", first) == pseudonym("x", first)
    with pytest.raises(TombolaError, match="hides nobody"):
        pseudonym("x", b"short")
    path.write_text("no hex")
    with pytest.raises(TombolaError, match="no salt"):
        read_salt(path)
