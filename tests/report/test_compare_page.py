import csv
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tombola.analysis import compare, measure_named
from tombola.errors import TombolaError
from tombola.report import render_comparison, write_comparison
from tombola.store import JobId

Make = Callable[..., Any]
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Nesting(HTMLParser):
    """Checks that elements nest and ids are unique."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []
        assert len(self.ids) == len(set(self.ids))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [str(value) for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [str(value) for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture
def make(synthetic: dict[str, Any], tmp_path: Path) -> Make:
    """Make runs with folders of their own."""

    def worse(job: JobId) -> tuple[float, int]:
        accuracy, step = synthetic["realistic"](job)
        return accuracy - 0.01 + np.random.default_rng([job.replicate, job.level]).normal(0, 1e-4), step

    def go(name: str, *, bad: bool = False, **options: Any) -> Any:
        quality = {"quality": worse} if bad else {}
        return synthetic["synthetic_run"](tmp_path / f"{name}-012345", name=name, **quality, **options)

    return go


def test_the_page_stands_alone_and_says_it_all(make: Make) -> None:
    runs = [make("imp", replicates=4), make("one-shot", bad=True), make("odd", seed=2, controls=())]
    text = render_comparison(compare(runs[:2]))
    words = "".join(Nesting(text).words)
    assert not re.search(r"(?:src|href)=\"(?!#)|url\((?!#)|@import", text)
    assert len(text.encode()) < 1_000_000
    assert "Paired by replicate (replicates 0, 1 and 2)" in words
    assert "1 further replicate of the first run has no partner" in words
    assert "the ticket is not worse than dense" in words
    assert "minus reinit" in words
    assert text.count("<svg") == 3
    assert "nan" not in words.lower().split()
    spec = runs[2].spec.model_copy(update={"name": "<b>odd</b>"})
    runs[2].spec = spec
    assert "<b>odd" not in render_comparison(compare(runs))


CASES: dict[str, list[dict[str, Any]]] = {
    "one run": [{}],
    "no controls": [{"controls": ()}, {"controls": ()}],
    "one replicate": [{"replicates": 1}, {"replicates": 1}],
    "dense only": [{"levels": 0, "controls": ()}, {"levels": 0, "controls": ()}],
    "nothing done": [{"absent": lambda job: True}, {"absent": lambda job: True}],
    "one is empty": [{"levels": 2}, {"levels": 2, "absent": lambda job: True}],
    "failed dense": [{"levels": 2}, {"levels": 2, "failed": {JobId(r, 0): "x" for r in range(3)}}],
    "other images": [{"levels": 1}, {"levels": 1, "data": {"name": "digits"}}],
    "other seed": [{"levels": 1}, {"levels": 1, "seed": 1}],
    "bootstrap": [{"levels": 1, "replicates": 12}, {"levels": 1, "replicates": 11}],
    "eight runs": [{"levels": 1, "controls": ()}] * 8,
}


@pytest.mark.parametrize("runs", CASES.values(), ids=CASES.keys())
def test_any_runs_have_a_page(runs: list[dict[str, Any]], make: Make) -> None:
    found = compare([make(f"run{i}", bad=i > 0, **options) for i, options in enumerate(runs)])
    words = "".join(Nesting(render_comparison(found)).words)
    assert not re.search(r"\bnan\b", words.lower())


@pytest.mark.parametrize("measure", ["early_stop_step", "val_loss", "final_test_accuracy"])
def test_other_measures(measure: str, make: Make) -> None:
    text = render_comparison(compare([make("a", levels=2), make("b", levels=2, bad=True)], measure_named(measure)))
    assert measure_named(measure).title in text
    assert ("not worse" in text) == (measure == "final_test_accuracy")


def test_files_by_their_ending(make: Make, tmp_path: Path) -> None:
    found = compare([make("a", levels=1), make("b", levels=1, bad=True)])
    with write_comparison(found, tmp_path / "x.csv").open() as file:
        assert {row["kind"] for row in csv.DictReader(file)} == {"value", "dense", "control", "run"}
    assert json.loads(write_comparison(found, tmp_path / "x.json").read_text())["against"][0]["run"] == "a"
    assert write_comparison(found, tmp_path / "x.HTML").read_text().startswith("<!doctype html>")
    with pytest.raises(TombolaError, match=r"give one of \.html, \.csv, \.json"):
        write_comparison(found, tmp_path / "x.pdf")


def test_same_runs_same_bytes(make: Make) -> None:
    runs = [make("a", levels=1), make("b", levels=1)]
    assert render_comparison(compare(runs)) == render_comparison(compare(runs))
