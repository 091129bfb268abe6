"""Small made-up studies with answers, and the report of the published ones."""

import csv
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tombola.cli.study_report import main
from tombola.study.answers import answers_frame, write_answers
from tombola.study.design.folder import Study
from tombola.study.design.synthetic import synthetic_study

FOLDER = "seeds/explainability"
FILES = ("experiment1-explanationmaps.csv", "experiment2-whatsontheimage-images-1-250.csv")
RESULTS = "pruning_results_02-05-2021_14-49-20.csv"


@pytest.fixture(scope="session")
def supplied(beside: Callable[[str], Path]) -> dict[str, Path]:
    """The three supplied files of the published study."""
    return {name: beside(f"{FOLDER}/{name}") for name in (*FILES, RESULTS)}


@pytest.fixture(scope="session")
def published(supplied: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the supplied files, written by one command."""
    target = tmp_path_factory.mktemp("published") / "report.html"
    assert main([*map(str, supplied.values()), "-o", str(target)]) == 0
    return target


def made_up(
    task: str = "pairwise", *, ties: float = 0.3, raters: int = 4, images: int = 8, **fixed: Any
) -> pd.DataFrame:
    """Answers of made-up people: every rater sees every image in every pair or condition; the first is better."""
    generator = np.random.default_rng(7)
    cells = [("a", "b"), ("b", "c")] if task == "pairwise" else ["a", "b", "c"]
    rows = []
    for rater in range(raters):
        for image in range(1, images + 1):
            for cell in cells:
                row = {"batch": "main", "participant": f"p{rater}", "task": task, "kind": "main", "image": image}
                row |= {"trial": f"t{image}-{cell}", "image_class": ("cat", "dog")[image % 2], "seconds": 4.0}
                silent, first = generator.random() < ties, generator.random() < 0.7
                if task == "pairwise":
                    row |= {
                        "left": cell[0],
                        "right": cell[1],
                        "side": "none" if silent else "left" if first else "right",
                    }
                    row["answer"] = "none" if silent else cell[0] if first else cell[1]
                else:
                    right = row["image_class"]
                    row |= {"condition": cell, "answer": "none" if silent else right if first else "fish"}
                    row["correct"] = row["answer"] == right
                rows.append(row | fixed)
    return answers_frame(rows)


def answered(study: Study, people: int = 4) -> pd.DataFrame:
    """Answers to every main trial of a study folder, as its server would store them; the first option mostly wins."""
    generator = np.random.default_rng(3)
    rows = []
    for person in range(people):
        for name, trial in study.trials.items():
            truth = study.truth[name]
            variants = study.cells.get(truth.cell)
            if trial.kind != "main" or variants is None or name not in variants[person % 2]:
                continue
            option = trial.options[0 if generator.random() < 0.6 else generator.integers(len(trial.options))].value
            row = {"batch": "main", "participant": f"p{person}", "task": trial.task, "kind": "main", "trial": name}
            row |= {"image": truth.image, "image_class": truth.image_class, "answer": truth.winner(option)}
            row |= {"correct": truth.judge(option), "seconds": 5.0, "at": f"2031-05-01T10:0{person}:00+00:00"}
            if truth.left:
                row |= {"left": truth.left, "right": truth.right, "side": option}
            else:
                row |= {"condition": truth.condition, "phase": truth.phase or None}
            rows.append(row)
    return answers_frame(rows)


@pytest.fixture
def people() -> Callable[..., pd.DataFrame]:
    """Make up answers."""
    return made_up


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Study]:
    """Make a study folder with answers in it."""

    def make(task: str = "pairwise", **fields: Any) -> Study:
        small = {"classes": 4, "images_per_class": 2, "raters": 2, "cap": 8, "gold": 0, "repeats": 0, "practice": 0}
        study = synthetic_study(tmp_path / "study", task, **(small | fields))
        write_answers(answered(study), study.path / "export" / "answers.csv")
        return study

    return make


@pytest.fixture
def report(tmp_path: Path) -> Callable[..., Path]:
    """Write answers to a file and a report about them; return where it is."""

    def make(frame: pd.DataFrame, *options: str) -> Path:
        write_answers(frame, tmp_path / "answers.csv")
        target = tmp_path / "out" / "report.html"
        assert main([str(tmp_path / "answers.csv"), "-o", str(target), *options]) == 0
        return target

    return make


class Page(HTMLParser):
    """Ids, links and linked numbers of a page."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.text = file.read_text(encoding="utf-8")
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.numbers: list[tuple[str, str, str]] = []
        self._open: tuple[str, str] | None = None
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a":
            self.links.append(values["href"])
            self._open = (values["href"], values["data-column"]) if values.get("class") == "number" else None
        self.sources += [values[name] for name in ("src", "srcset", "poster", "data") if name in values]
        if tag == "link":
            self.sources.append(values["href"])

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self.numbers.append((*self._open, data))
            self._open = None


def checked(file: Path) -> Page:
    """Assert what holds for every report."""
    page = Page(file)
    assert len(page.ids) == len(set(page.ids))
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert not re.search(r"url\((?!#)|@import|<script|https?://(?!www\.w3\.org/)", page.text)
    assert "nan" not in re.findall(r">(nan|None|<NA>)<", page.text)
    tables = file.with_name(f"{file.stem}-tables")
    for link, column, text in page.numbers:
        assert_same(text, stored(tables, link, column))
    return page


def stored(tables: Path, link: str, column: str) -> float:
    """Return the value in the CSV row that a link names."""
    name, _, row = link[1:].rpartition("-")
    with (tables / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return float(list(csv.DictReader(file))[int(row) - 1][column])


def assert_same(text: str, value: float) -> None:
    """Assert that a printed number is the stored one, rounded to the digits it shows."""
    plain = text.replace("\N{MINUS SIGN}", "-").replace(",", "").replace("$", "").replace("\u202f", " ")
    if plain.startswith("<"):
        assert value < float(plain[1:])
        return
    match = re.fullmatch(r"([+-]?\d+(?:\.(\d+))?(?:e(-?\d+))?)( %| s| min| h)?", plain)
    if match is None:
        assert re.fullmatch(r"\d+:\d\d (min|h)", plain), text
        return
    digit = 10.0 ** (int(match[3] or 0) - len(match[2] or ""))
    scales = (100,) if match[4] == " %" else (1, 100) if plain[0] in "+-" else (1,)
    assert any(abs(float(match[1]) - scale * value) <= 0.5001 * digit for scale in scales), (text, value)


@pytest.fixture
def check() -> Callable[[Path], Page]:
    """Assert what holds for every report, and return what is on the page."""
    return checked
