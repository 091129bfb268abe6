"""``tombola study analyse`` (requirement R11)."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tombola.cli.main import main
from tombola.study.answers import answers_frame, write_answers


@pytest.fixture
def votes(tmp_path: Path) -> Path:
    """60 votes of 6 people about 10 images, some for neither."""
    rows = [
        {
            "batch": "main", "participant": f"p{w}", "task": "pairwise", "kind": "main", "trial": f"t{i}", "image": i,
            "image_class": "dog", "left": "a", "right": "b", "answer": ("a", "b", "none", "a")[(w * i) % 4],
            "side": ("left", "right", "none", "left")[(w * i) % 4],
        }
        for w in range(6)
        for i in range(1, 11)
    ]  # fmt: skip
    write_answers(answers_frame(rows), tmp_path / "votes.csv")
    return tmp_path / "votes.csv"


def test_both_analyses_are_printed_and_written(votes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = votes.parent / "out"
    assert main(["study", "analyse", str(votes), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[-1] == str(out)
    for part in ("published", "valid", "design_effect", "a v b", "Exploratory"):
        assert part in printed
    assert (out / "published" / "pairs.csv").is_file()
    share = pd.read_csv(out / "valid" / "shares.csv").iloc[0]
    assert share.votes == 60 - pd.read_csv(out / "published" / "pairs.csv").ties[0]


def test_one_analysis_and_other_options(votes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = votes.parent / "out"
    assert main(["study", "analyse", str(votes), "--out", str(out), "--published"]) == 0
    assert not (out / "valid").exists()
    args = ["study", "analyse", str(votes), "--out", str(out), "--valid", "--pairs", "b v a", "--margin", "0.1"]
    assert main([*args, "--correction", "benjamini-hochberg", "--cr1"]) == 0
    share = pd.read_csv(out / "valid" / "shares.csv").iloc[0]
    assert (share.pair, share.equivalence_margin) == ("b v a", 0.1)
    assert set(pd.read_csv(out / "valid" / "tests.csv").correction) == {"benjamini-hochberg"}


def test_a_folder_needs_to_be_a_study(votes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "analyse", str(votes.parent)]) == 2
    assert "holds no study" in " ".join(capsys.readouterr().err.split())
    assert main(["study", "analyse", str(votes.parent), str(votes)]) == 2
    assert "cannot be pooled" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("extra", "why"),
    [
        (["--published", "--valid"], "leave nothing"),
        (["--pairs", "a b"], "say 'A v B'"),
        (["--pairs", "a v c"], "no declared pair"),
        (["--rates", "a"], "CONDITION=RATE"),
        (["--rates", "a=2", "b=4"], "compared with"),
        (["--draws", "10"], "5,000"),
        (["--correction", "none"], "correction"),
        (["--margin", "0"], "margin"),
        (["--batch", "pilot"], "no answer is of batch 'pilot'; there are main"),
        (["--confirmatory"], "confirmatory analysis is refused"),
    ],
)
def test_mistakes_are_one_sentence(votes: Path, extra: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "analyse", str(votes), "--out", str(votes.parent / "out"), *extra]) == 2
    assert why in " ".join(capsys.readouterr().err.split())


def test_nothing_to_analyse(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "analyse"]) == 2
    assert "name a study folder" in capsys.readouterr().err


@pytest.mark.data
def test_frames_of_the_published_study_are_read_as_they_are(
    beside: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = beside("seeds/explainability/experiment1-explanationmaps.csv")
    assert main(["study", "analyse", str(file), "--published", "--out", str(tmp_path)]) == 0
    assert pd.read_csv(tmp_path / "published" / "pairs.csv").first_wins.tolist() == [636, 997, 1082]
    assert "11.43" in capsys.readouterr().out
