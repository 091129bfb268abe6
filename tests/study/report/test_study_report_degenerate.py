"""Answers that have little to say make a page all the same, and none at all one sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tombola.cli.main import main as tombola
from tombola.cli.study_report import main
from tombola.errors import TombolaError
from tombola.study.answers import write_answers

Check = Callable[[Path], Any]
People = Callable[..., pd.DataFrame]

DEGENERATE: dict[str, Callable[[People], pd.DataFrame]] = {
    "no ties": lambda people: people(ties=0.0),
    "nothing but ties": lambda people: people(ties=1.0),
    "one pair": lambda people: people().query("left == 'a'"),
    "only recognition": lambda people: people("recognition"),
    "everything right": lambda people: people("recognition", ties=0.0, image_class="cat", answer="cat", correct=True),
    "one answer": lambda people: people(raters=1, images=1).head(1),
    "no class": lambda people: people(image_class=None),
    "awkward names": lambda people: people().replace({"a": '<b>2/3 & "x"</b>'}),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_answers_make_a_page(check: Check, people: People, report: Callable[..., Path], name: str) -> None:
    page = check(report(DEGENERATE[name](people).reset_index(drop=True)))
    assert "<b>2/3" not in page.text


def test_no_answers_are_one_sentence(people: People, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_answers(people().head(0), tmp_path / "none.csv")
    write_answers(people(kind="practice"), tmp_path / "practice.csv")
    for name in ("none", "practice"):
        with pytest.raises(TombolaError, match="no answers to report"):
            main([str(tmp_path / f"{name}.csv")])
    assert tombola(["study", "report"]) == 2
    assert capsys.readouterr().err.strip() == "tombola: name a study folder, or files of answers"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--run", "r", "--published-results", "p"], "two ladders"),
        (["--reward", "-1"], "below 0"),
        (["--metrics", "{folder}/answers.csv"], "lacks column 'condition'|lacks column 'metric'"),
        (["--payments", "{folder}/answers.csv"], "no payments file"),
    ],
)
def test_wrong_options_are_one_sentence(
    people: People, report: Callable[..., Path], tmp_path: Path, options: list[str], message: str
) -> None:
    with pytest.raises(TombolaError, match=message):
        report(people(), *(each.format(folder=tmp_path) for each in options))
