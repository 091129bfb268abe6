"""The two supplied frames (reference: explainability 9.5 and 9.6)."""

from pathlib import Path

import pytest

from tombola.errors import TombolaError
from tombola.study.answers import read_answers, write_answers
from tombola.study.files import read_derived, write_derived

HEADER = (
    "HITId,WorkerId,Input.image_url,Answer.algorithms.alg1,Answer.algorithms.alg2,Answer.algorithms.none,"
    "img_id,img_class,alg1,alg2,nonpruned,2pruned,32pruned,annotation_result"
)
pytestmark = pytest.mark.filterwarnings("error", "ignore::ResourceWarning")  # defect B19

ROW = "h1,w1,8_2pruned_1-dog_nonpruned.png,False,True,False,8,1-dog,2pruned,nonpruned,1.0,0.0,0.0,alg2"


def written(folder: Path, *rows: str) -> Path:
    path = folder / "frame.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


@pytest.mark.data
def test_pairs_come_whole(pairwise_file: Path) -> None:
    frame = read_derived(pairwise_file)
    assert len(frame) == 7500
    assert frame.trial.nunique() == 2500
    assert frame.groupby(["image", "left", "right"]).size().eq(5).all()
    sizes = {name.rsplit("-x", 1)[1]: len(part) for name, part in frame.groupby("batch")}
    assert sizes == {"1": 1000, "4": 4000, "5": 2500}
    hits = frame.groupby("batch").trial.nunique()
    assert sorted(hits) == [500, 1000, 1000]


@pytest.mark.data
def test_windows_come_whole(recognition_file: Path) -> None:
    frame = read_derived(recognition_file)
    assert len(frame) == 3750
    assert frame.image.nunique() == 250
    assert frame.groupby(["image", "condition"]).size().eq(5).all()
    assert (frame.correct == (frame.answer == frame.image_class)).all()


@pytest.mark.data
def test_writing_gives_back_the_same_bytes(pairwise_file: Path, recognition_file: Path, tmp_path: Path) -> None:
    for source in (pairwise_file, recognition_file):
        frame = read_derived(source)
        write_answers(frame, tmp_path / "tidy.csv")
        write_derived(read_answers(tmp_path / "tidy.csv"), tmp_path / "derived.csv")
        assert (tmp_path / "derived.csv").read_bytes() == source.read_bytes()


def test_first_algorithm_is_left_and_the_hit_is_the_trial(tmp_path: Path) -> None:
    row = read_derived(written(tmp_path, ROW), batch="b").iloc[0]
    assert (row.batch, row.trial, row.participant) == ("b-x1", "h1", "w1")
    assert (row.left, row.right, row.side, row.answer) == ("2pruned", "nonpruned", "right", "nonpruned")
    assert (row.image, row.image_class) == (8, "dog")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("False,True,False", "False,True,True", "2 answers are true"),
        ("False,True,False", "False,False,False", "0 answers are true"),
        ("1.0,0.0,0.0", "0.0,1.0,0.0", "by the flags"),
        ("alg2", "alg1", "annotation_result"),
        (",8,", ",9,", "img_id"),
        ("1-dog,2pruned", "2-cassetteplayer,2pruned", "img_class"),
        ("8_2pruned", "8_4pruned", "unknown condition '4pruned'"),
        ("False,True,False", "False,yes,False", "neither true nor false"),
        ("w1", "A1B2C3D4E5F6G7", "a salt is needed"),
    ],
)
def test_what_a_row_says_twice_must_agree(tmp_path: Path, old: str, new: str, why: str) -> None:
    with pytest.raises(TombolaError, match=why):
        read_derived(written(tmp_path, ROW.replace(old, new, 1)))


def test_workers_own_ids_are_replaced(tmp_path: Path) -> None:
    """Defect B22."""
    path = written(tmp_path, ROW.replace("w1", "A1B2C3D4E5F6G7"), ROW.replace("h1,", "h2,"))
    frame = read_derived(path, salt=bytes(32))
    assert frame.participant.str.fullmatch(r"p[0-9a-f]{16}|w1").all()


def test_other_tables_are_none(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(TombolaError, match="no derived frame"):
        read_derived(tmp_path / "a.csv")
