"""The page as a whole: built in one command, self-contained, every link with a target, every number from its row."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tombola.cli.study_report import main
from tombola.study.design.folder import Study
from tombola.study.lock import add_deviation, write_lock

Check = Callable[[Path], Any]
People = Callable[..., pd.DataFrame]
CHROMIUM = shutil.which("chromium")


def test_the_three_supplied_files_make_a_page_in_one_command(check: Check, published: Path) -> None:
    page = check(published)
    for name in ("accuracy", "preference", "classes", "strengths", "recognition", "agreement", "quality", "notices"):
        assert name in page.ids
    assert {"standing", "published", "tables"} <= set(page.ids)
    shown = {(link, column): text for link, column, text in page.numbers}
    # reference explainability, sections 4.4, 10.2, 10.4 and 11.1
    assert shown["#ladder-2", "whole_model_compression"] == "1.058"
    assert shown["#ladder-7", "test_top1"] == "87.3\u202f%"
    assert shown["#pairs-1", "ties"] == "1,343"
    assert shown["#published-pairs-1", "chi2"] == "11.4304"
    assert shown["#published-agreement-1", "alpha"] == "0.235853"
    assert shown["#recognition-3", "correct"] == "1,039"
    assert shown["#contamination-1", "in_training"] == "3,791"
    assert shown["#pay-1", "reward_usd"] == "$0.01"
    assert "cannot separate pruning from another training run" in page.text
    assert "Goodness of fit of 2pruned and 32pruned" in page.text
    chainsaw = published.with_name("report-tables") / "published-confusion_all.csv"
    assert chainsaw.read_text(encoding="utf-8").splitlines()[4] == "chainsaw,4,1,3,254,0,5,8,21,0,4,75"


def test_the_published_ladder_has_no_interval_where_a_row_was_typed_by_hand(published: Path) -> None:
    ladder = pd.read_csv(published.with_name("report-tables") / "ladder.csv")
    assert ladder.low.isna().tolist() == [True] + [False] * 6
    assert ladder.test_correct[1:].tolist() == [2724, 2686, 2635, 2615, 2522, 2443]
    assert ladder.interval_over.tolist() == ["nothing"] + ["test images"] * 6


def test_clustered_stands_beside_naive_and_every_test_is_labelled(check: Check, published: Path) -> None:
    page = check(published)
    columns = {column for link, column, _ in page.numbers if link.startswith("#shares-")}
    assert {"low", "high", "naive_low", "naive_high", "p", "naive_p"} <= columns
    body = page.text[: page.text.index('<section id="tables"')]
    for table in re.findall(r"<table class=\"view\">.*?</table>", body, re.DOTALL):
        for row in re.findall(r"<tr>.*?</tr>", table.partition("<tbody>")[2], re.DOTALL):
            if re.search(r'data-column="\w*p"|data-column="(?:p|naive_p|p_\w+|\w+_p)"', row):
                assert 'class="tag exploratory"' in row


@pytest.mark.parametrize("task", ["pairwise", "recognition", "agreement", "distinction", "forward-simulation"])
def test_a_study_folder_of_every_task_makes_a_page_with_its_pictures(
    check: Check, folder: Callable[..., Study], task: str, capsys: pytest.CaptureFixture[str]
) -> None:
    study = folder(task)
    assert main([str(study.path), "--reward", "0.05"]) == 0
    target = study.path / "export" / "report.html"
    assert capsys.readouterr().out.strip() == str(target)
    page = check(target)
    assert page.sources
    assert ("#pay-1", "usd_per_hour", "$36.00") in page.numbers
    assert not any(name in page.text for name in study.trials), "trial names need not be told"


def test_preregistered_tests_are_confirmatory_and_deviations_are_told(
    check: Check, folder: Callable[..., Study]
) -> None:
    study = folder()
    write_lock(study)
    add_deviation(study, "Two participants <came> twice.")
    assert main([str(study.path)]) == 0
    page = check(study.path / "export" / "report.html")
    assert "Two participants &lt;came&gt; twice." in page.text
    assert 'class="tag confirmatory"' in page.text
    assert "The lock holds" in page.text


def test_a_broken_lock_makes_everything_exploratory(check: Check, folder: Callable[..., Study]) -> None:
    study = folder()
    write_lock(study)
    plan = study.path / "preregistration.yaml"
    plan.write_text(plan.read_text(encoding="utf-8").replace("Collecting ends", "Collecting may end"), encoding="utf-8")
    assert main([str(study.path)]) == 0
    page = check(study.path / "export" / "report.html")
    assert "stopping rule changed since the lock" in page.text
    assert "tag confirmatory" not in page.text


def test_rates_and_metrics_add_their_sections(
    check: Check, people: People, report: Callable[..., Path], tmp_path: Path
) -> None:
    frame = pd.concat(
        [people("recognition").assign(condition=lambda table, by=by: table.condition + by) for by in ("1", "2")],
        ignore_index=True,
    )
    metrics = "".join(f"{image},{name},size,{image % 5}\n" for image in range(1, 9) for name in ("a1", "b1"))
    whole = "".join(f",{name},extent,{value}\n" for value, name in enumerate(("a1", "b1", "c1")))
    (tmp_path / "metrics.csv").write_text(f"image,condition,metric,value\n{metrics}{whole}", encoding="utf-8")
    rates = [f"{name}={2**power}" for power, name in enumerate(("a1", "b1", "c1", "a2", "b2", "c2"))]
    page = check(report(frame, "--rates", *rates, "--metrics", str(tmp_path / "metrics.csv")))
    assert {"dose", "metrics"} <= set(page.ids)
    links = {link.rpartition("-")[0] for link, _, _ in page.numbers}
    assert {"#dose_contrasts", "#dose_means", "#metric_human", "#metric_human_conditions"} <= links
    conditions = pd.read_csv(tmp_path / "out" / "report-tables" / "metric_human_conditions.csv")
    assert conditions[conditions.metric == "extent"].metric_mean.tolist() == [0, 1, 2]


@pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium to look at the page")
def test_in_a_real_browser(people: People, report: Callable[..., Path]) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright to drive a browser")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the accessibility checker")
    target = report(pd.concat([people(images=2), people("recognition", images=2, batch="other")], ignore_index=True))
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(target.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        page.locator("a.number").first.click()
        assert page.evaluate("document.querySelector(':target').tagName") == "TR"
        assert asked == [target.as_uri()]
        page.set_viewport_size({"width": 390, "height": 844})
        page.emulate_media(color_scheme="dark")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        found = axe.Axe().run(page).response["violations"]
        assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
        browser.close()
