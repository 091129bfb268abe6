import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tombola.errors import TombolaError
from tombola.report import render, write
from tombola.store import JobId

Make = Callable[..., Any]
SECTIONS = ["experiment", "results", "statistics", "figures", "layers", "structure"]
SECTIONS += ["jobs", "time", "environment", "reproduce"]
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Checks that elements nest, and gathers what tests ask about."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.sections: list[str] = []
        self.references: list[str] = []
        self.headings: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        if values.get("id"):
            self.ids.append(str(values["id"]))
        if tag == "section":
            self.sections.append(str(values["id"]))
        self.references += [
            str(values[name]) for name in ("href", "src", "xlink:href", "data", "action") if name in values
        ]
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def test_page_has_every_section_in_order(make_run: Make) -> None:
    page = Page(render(make_run()))
    assert page.sections == SECTIONS
    assert page.headings == ["h1"] + ["h2"] * len(SECTIONS)
    assert page.tags.count("svg") == 5
    assert page.tags.count("table") == 6
    assert len(page.ids) == len(set(page.ids))


def test_page_needs_nothing_else(make_run: Make) -> None:
    """Self-contained: no script, no reference that is not inside the page, no address in the style."""
    text = render(make_run())
    page = Page(text)
    assert "script" not in page.tags
    inner = [reference for reference in page.references if not reference.startswith("data:image/png;base64,")]
    assert all(reference.startswith("#") and reference[1:] in page.ids for reference in inner)
    assert not re.search(r"url\((?!#)|@import", text)
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) <= {"http://www.w3.org/2000/svg"}


def test_verdict_comes_first_and_numbers_are_there(make_run: Make) -> None:
    run = make_run(replicates=5)
    page = Page(render(run))
    text = page.text
    assert "There is a winning ticket" in text
    assert text.index("There is a winning ticket") < text.index("What was run")
    for wanted in (
        "20,000 steps of Adam",
        "266,200 prunable weights in 3 layers",
        "5 independent initialisations",
        "188,160",
    ):
        assert wanted in text
    for wanted in (
        "tombola run --spec",
        "tombola resume synthetic-0123456789ab",
        "record_every: 1000st",
        "torch 2.13.0",
    ):
        assert wanted in text
    assert "65 of 65 jobs done." in text


def test_what_users_write_is_escaped(make_run: Make) -> None:
    run = make_run(failed={JobId(0, 1): "<script>alert('x')</script> & more"}, train={"length": "20000st"})
    text = render(run)
    assert "<script" not in text
    assert "&lt;script&gt;alert" in text
    assert "A processor &lt;fast&gt;" in text


def test_failed_and_absent_jobs_are_listed_with_reasons(make_run: Make) -> None:
    failed = {JobId(1, 2): "loss became NaN at step 40"}
    page = Page(render(make_run(failed=failed, absent=lambda job: job.replicate == 1 and job.level > 2)))
    assert "loss became NaN at step 40" in page.text
    assert "needs replicate 1, level 2, which failed" in page.text
    assert "1 failed, 8 absent" in page.text


CASES: dict[str, tuple[dict[str, Any], str]] = {
    "dense only": ({"levels": 0, "controls": ()}, "Nothing was pruned"),
    "one of each": ({"levels": 1, "replicates": 1}, "Too few replicates to tell"),
    "no control": ({"levels": 1, "controls": ()}, "No control to compare with"),
    "two controls": ({"controls": ("reinit:3", "shuffle-layerwise:1")}, "winning ticket"),
    "unfinished": ({"absent": lambda job: job.replicate > 0 or job.level > 3}, "Too few replicates to tell"),
    "empty": ({"absent": lambda job: True}, "No result to judge"),
    "controls only": ({"absent": lambda job: job.control == "none"}, "No result to judge"),
    "dense failed": ({"failed": {JobId(r, 0): "loss became NaN" for r in range(3)}}, "No result to judge"),
    "one record": ({"total": 100, "every": 100}, ""),
    "bootstrap": ({"replicates": 12, "levels": 2}, ""),
}


@pytest.mark.parametrize(("options", "headline"), CASES.values(), ids=CASES.keys())
def test_any_run_has_a_report(make_run: Make, options: dict[str, Any], headline: str) -> None:
    page = Page(render(make_run(**options)))
    assert page.sections == SECTIONS
    assert headline in page.text
    assert not re.search(r"\bnan\b", page.text.lower().replace("became nan", ""))


def test_size_stays_small(make_run: Make) -> None:
    """5 replicates, 21 levels, 500 records, two lines of controls: under 3 MB."""
    run = make_run(replicates=5, levels=20, controls=("reinit:1", "shuffle-layerwise:1"), total=50_000, every=100)
    assert run.records.sizes["record"] == 501
    assert len(render(run).encode()) < 1_000_000


def test_write_puts_the_page_into_the_run_folder_or_where_asked(make_run: Make, tmp_path: Path) -> None:
    run = make_run(levels=1)
    assert write(run) == run.path / "report.html"
    elsewhere = write(run, tmp_path / "new" / "folder" / "page.html")
    assert elsewhere.read_text() == (run.path / "report.html").read_text()
    (tmp_path / "file").write_text("")
    with pytest.raises(TombolaError, match="cannot write"):
        write(run, tmp_path / "file" / "page.html")


def test_same_run_same_bytes(make_run: Make) -> None:
    assert render(make_run(levels=2)) == render(make_run(levels=2))
