"""The report's section on structure: a table and a figure of pruned runs with masks, else a sentence."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tombola
from tombola.analysis import inspect_run
from tombola.report import render
from tombola.report.structure import structure, table
from tombola.store import Run, open_run

SHORT = {"train": {"steps": 8, "record_every": 4}, "replicates": 2, "controls": []}


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of ten levels, the last ones collapsed."""
    rates = {"linear_rate": 0.6, "output_rate": 0.6, "levels": 10}
    spec = tombola.resolve("lenet-digits", changes=SHORT | {"prune": rates, "store": {"keep": "masks"}})
    return open_run(tombola.run(spec, out=tmp_path_factory.mktemp("runs")).path)


def test_table_says_what_was_inspected(deep: Run) -> None:
    networks = inspect_run(deep, levels=[0, 2, 10])
    found = table(networks)
    assert [line.level for line in found.lines] == [0, 2, 10]
    dense, middle, last = (line.cells for line in found.lines)
    assert [cell.main for cell in dense] == ["3,560", "3,560", "70", "0", "0", "3.56 k", "no"]
    assert middle[0].main == f"{sum(n.kept for n in networks if n.job and n.job.level == 2) / 2:,.0f}"
    assert last[1].main == "0"
    assert (last[-1].main, last[-1].tone) == ("2 of 2 networks", "bad")
    assert sum(span for _, span in found.groups) == len(found.columns) == len(dense)


def test_section_shows_few_levels_and_warns(deep: Run) -> None:
    content = structure(deep)
    assert len(content["table"].lines) == 6
    assert "6 of 11 levels are shown" in content["text"]
    assert any("has collapsed" in note for note in content["notes"])
    page = render(deep)
    section = page[page.index('<section id="structure"') :]
    section = section[: section.index("</section>")]
    assert section.count("<svg") == 1
    assert not re.search(r"\bnan\b", section)


def test_without_levels_or_masks_there_is_a_sentence(make_run: Callable[..., Any], tmp_path: Path) -> None:
    assert structure(make_run(levels=0, controls=())) == {
        "table": None, "text": "Nothing was pruned, so nothing is missing."
    }  # fmt: skip
    assert structure(make_run())["text"] == "No mask of this run is known."
    spec = tombola.resolve("lenet-digits", changes=SHORT | {"replicates": 1, "prune": {"levels": 0}})
    assert "Nothing was pruned" in render(open_run(tombola.run(spec, out=tmp_path).path))
