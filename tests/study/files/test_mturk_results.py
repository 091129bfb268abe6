"""Batch results in 33 and 41 columns (reference: explainability 9.2 to 9.4; requirement R8; defects B16, B22)."""

import csv
from collections.abc import Mapping
from pathlib import Path

import pytest

from tombola.errors import TombolaError
from tombola.study.files import read_batches
from tombola.study.files.mturk_times import parse_money, parse_time
from tombola.study.files.pictures import CODED, Shown

SALT = bytes(range(32))
HEADER = (
    "HITId,HITTypeId,Title,Description,Keywords,Reward,CreationTime,MaxAssignments,RequesterAnnotation,"
    "AssignmentDurationInSeconds,AutoApprovalDelayInSeconds,Expiration,NumberOfSimilarHITs,LifetimeInSeconds,"
    "AssignmentId,WorkerId,AssignmentStatus,AcceptTime,SubmitTime,AutoApprovalTime,ApprovalTime,RejectionTime,"
    "RequesterFeedback,WorkTimeInSeconds,LifetimeApprovalRate,Last30DaysApprovalRate,Last7DaysApprovalRate,"
    "Input.image_url"
)
COMMON = HEADER.split(",")
PAIRS = ["Answer.algorithms.alg1", "Answer.algorithms.alg2", "Answer.algorithms.none"]
CLASSES = [*(f"Answer.classes.{name}" for name in CODED), "Answer.classes.none"]
MARKS = ["Approve", "Reject"]
BASE = {
    "HITId": "3HIT", "HITTypeId": "3TYPE", "Title": 'Which "algorithm", left or right?', "Reward": "$0.01",
    "CreationTime": "Mon Jun 14 05:00:00 PDT 2021", "MaxAssignments": "5",
    "RequesterAnnotation": "BatchId:4471234;OriginalHitTemplateId:920937325;", "AssignmentId": "3ASSIGN",
    "WorkerId": "A1B2C3D4E5F6G7", "AssignmentStatus": "Approved", "SubmitTime": "Mon Jun 14 06:05:05 PDT 2021",
    "WorkTimeInSeconds": "12", "LifetimeApprovalRate": "0% (0/0)", "Last30DaysApprovalRate": "0% (0/0)",
    "Last7DaysApprovalRate": "0% (0/0)", "Input.image_url": "167_32pruned_2-cassetteplayer_nonpruned.png",
}  # fmt: skip


def written(path: Path, *rows: Mapping[str, str], answers: list[str] = PAIRS) -> Path:
    columns = [*COMMON, *answers, *MARKS]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", quoting=csv.QUOTE_ALL)
        writer.writeheader()
        for number, row in enumerate(rows):
            filled = dict.fromkeys(answers, "false") | BASE | {"AssignmentId": f"3ASSIGN{number}"}
            writer.writerow(filled | dict(row))
    return path


def test_a_pairwise_batch_has_33_columns_and_becomes_answers(tmp_path: Path) -> None:
    path = written(
        tmp_path / "b.csv",
        {PAIRS[0]: "true"},
        {PAIRS[1]: "true", "WorkerId": "A7G6F5E4D3C2B1"},
        {PAIRS[2]: "true", "SubmitTime": "Fri Jan 01 00:00:00 PST 2021"},
    )
    assert len(path.read_text().splitlines()[0].split(",")) == 33
    found = read_batches([path], SALT)
    frame = found.answers
    assert list(frame.answer) == ["32pruned", "nonpruned", "none"]
    assert list(frame.side) == ["left", "right", "none"]
    assert list(frame["at"])[::2] == ["2021-06-14T06:05:05-07:00", "2021-01-01T00:00:00-08:00"]
    assert set(frame.batch) == {"4471234"}
    assert frame.seconds[0] == 12
    assert frame.participant.nunique() == 2
    assert not len(found.reported)
    assert found.payments.iloc[0].to_dict() == {
        "batch": "4471234", "answers": 3, "reward_usd": 0.01, "median_seconds": 12.0,
        "usd_per_hour": pytest.approx(3.0),
    }  # fmt: skip


def test_a_recognition_batch_has_41_columns(tmp_path: Path) -> None:
    window = {"Input.image_url": "19_1-dog_32pruned.png"}
    path = written(tmp_path / "b.csv", window | {CLASSES[1]: "true"}, window | {CLASSES[-1]: "true"}, answers=CLASSES)
    assert len(path.read_text().splitlines()[0].split(",")) == 41
    frame = read_batches([path], SALT).answers
    assert list(frame.answer) == ["dog", "none"]
    assert list(frame.correct) == [True, False]
    assert list(frame.condition) == ["32pruned"] * 2


def test_no_id_of_anybody_is_left(tmp_path: Path) -> None:
    """Defect B22: neither workers, nor HITs, nor assignments, nor rates, in anything that could be written."""
    path = written(tmp_path / "b.csv", {PAIRS[0]: "true"}, {PAIRS[0]: "true", PAIRS[1]: "true"})
    found = read_batches([path], SALT)
    text = "".join(table.to_csv() for table in (found.answers, found.reported, found.payments, found.rates))
    for identity in ("A1B2C3D4E5F6G7", "3HIT", "3ASSIGN", "3TYPE", "0% (0/0)"):
        assert identity not in text
    assert len(read_batches([path], SALT, rates=True).rates) == 1
    other = read_batches([path], SALT[::-1]).answers
    assert set(other.participant).isdisjoint(found.answers.participant)


def test_rows_that_are_no_answer_are_reported(tmp_path: Path) -> None:
    path = written(
        tmp_path / "b.csv",
        {PAIRS[0]: "true"},
        {},
        {PAIRS[0]: "true", PAIRS[2]: "true"},
        {PAIRS[0]: "perhaps"},
        {PAIRS[0]: "true", "AssignmentId": "3ASSIGN0"},
        {PAIRS[0]: "true", "AssignmentStatus": "Rejected"},
        {PAIRS[0]: "true", "WorkerId": ""},
    )
    found = read_batches([path], SALT)
    assert len(found.answers) == 1
    assert list(found.reported.row) == [2, 3, 4, 5, 6, 7]
    for reason, part in zip(
        found.reported.reason, ("0 answers", "2 answers", "perhaps", "same assignment", "rejected", "no worker"),
        strict=True,
    ):  # fmt: skip
        assert part in reason
    assert len(read_batches([path], SALT, rejected=True).answers) == 2


def test_batches_are_merged_but_stay_apart(tmp_path: Path) -> None:
    """Defect B16."""
    pilot = written(tmp_path / "pilot.csv", {PAIRS[0]: "true", "RequesterAnnotation": ""})
    main = written(tmp_path / "b.csv", {PAIRS[0]: "true"})
    frame = read_batches([pilot, main], SALT).answers
    assert list(frame.batch) == ["pilot", "4471234"]
    assert frame.participant.nunique() == 1
    with pytest.raises(TombolaError, match="comes twice"):
        read_batches([main, main], SALT)


def test_other_names_of_answers_by_a_mapping(tmp_path: Path) -> None:
    renamed = [name.replace("algorithms", "choice") for name in PAIRS]
    path = written(tmp_path / "b.csv", {renamed[1]: "true"}, answers=renamed)
    with pytest.raises(TombolaError, match="--columns"):
        read_batches([path], SALT)
    found = read_batches([path], SALT, columns={"Answer.choice.": "Answer.algorithms."})
    assert list(found.answers.side) == ["right"]
    letters = written(tmp_path / "c.csv", {"Answer.A": "true"}, answers=["Answer.A", "Answer.B"])
    mapping = {"Answer.A": "Answer.algorithms.alg1", "Answer.B": "Answer.algorithms.alg2"}
    assert list(read_batches([letters], SALT, columns=mapping).answers.side) == ["left"]


def test_blinded_pictures_are_told_by_the_key(tmp_path: Path) -> None:
    name = "ab" * 16
    path = written(tmp_path / "b.csv", {PAIRS[0]: "true", "Input.image_url": f"https://x.org/{name}.png"})
    with pytest.raises(TombolaError, match="--key"):
        read_batches([path], SALT)
    row = read_batches([path], SALT, key={name: Shown(3, "circle", "dense", "8x")}).answers.iloc[0]
    assert (row.image, row.image_class, row.answer) == (3, "circle", "dense")
    check = read_batches([path], SALT, key={name: Shown(3, "circle", "shuffled", "genuine", kind="gold")}).answers.iloc[
        0
    ]
    assert (check.kind, check.correct) == ("gold", False)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"SubmitTime": "Mon Jun 14 06:05:05 EST 2021"}, "unknown time zone 'EST'"),
        ({"SubmitTime": "2021-06-14"}, "no time like"),
        ({"Input.image_url": "1_5pruned_1-dog_nonpruned.png"}, "unknown condition '5pruned'"),
        ({"Input.image_url": "19_1-dog_32pruned.png"}, "does not fit"),
    ],
)
def test_what_cannot_be_understood_stops_the_import(tmp_path: Path, change: dict[str, str], why: str) -> None:
    with pytest.raises(TombolaError, match=why):
        read_batches([written(tmp_path / "b.csv", {PAIRS[0]: "true"} | change)], SALT)


def test_columns_are_found_by_name_not_place(tmp_path: Path) -> None:
    path = written(tmp_path / "b.csv", {PAIRS[2]: "true"})
    rows = list(csv.DictReader(path.open(newline="")))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, sorted(rows[0]), quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)
    assert list(read_batches([path], SALT).answers.side) == ["none"]
    (tmp_path / "x.csv").write_text("WorkerId\nA\n")
    with pytest.raises(TombolaError, match="no column 'HITId'"):
        read_batches([tmp_path / "x.csv"], SALT)


def test_times_and_money() -> None:
    assert parse_time("Sun Dec 05 23:59:59 PST 2021") == "2021-12-05T23:59:59-08:00"
    assert parse_money("$1,000.50") == 1000.5
    for text in ("0.01", "$a", "EUR 1"):
        with pytest.raises(TombolaError, match="amount"):
            parse_money(text)
    for text in ("Mon Feb 30 06:05:05 PDT 2021", "Mon Foo 14 06:05:05 PDT 2021"):
        with pytest.raises(TombolaError, match="no time"):
            parse_time(text)
