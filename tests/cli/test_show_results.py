"""``tombola show --results``: the accuracy ladder on the screen, and every column as CSV."""

import io
from pathlib import Path

import pandas as pd
import pytest

from tombola.cli.main import main
from tombola.experiments import run
from tombola.experiments.rows import COLUMNS
from tombola.specs import resolve


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    changes = {
        "train": {"steps": 20, "record_every": 10},
        "prune": {"procedure": "gradual", "rates": "2 4"},
        "controls": ["random-pruning", "dense-budget"],
        "replicates": 2,
    }
    return run(resolve("lenet-digits", changes=changes), tmp_path_factory.mktemp("runs")).path


def test_the_ladder(path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["show", str(path), "--results"]) == 0
    out = capsys.readouterr().out
    for text in ("scope: all", "before", "whole model", "random-pruning", "dense-budget", "25.0", "top-5", "ECE"):
        assert text in out


def test_every_column_as_csv(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(path), "--results", "--csv"]) == 0
    table = pd.read_csv(io.StringIO(capsys.readouterr().out), keep_default_na=False, na_values=[""])
    assert list(table)[: len(COLUMNS)] == list(COLUMNS)
    assert len(table) == 2 * 7
    assert table.control.value_counts().to_dict() == {"none": 6, "random-pruning": 4, "dense-budget": 4}


def test_runs_of_other_procedures_have_rows_too(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    changes = {"train": {"steps": 20, "record_every": 10}, "prune": {"levels": 1}}
    path = run(resolve("lenet-digits", changes=changes), tmp_path).path
    assert main(["show", str(path), "--results", "--csv"]) == 0
    table = pd.read_csv(io.StringIO(capsys.readouterr().out), keep_default_na=False, na_values=[""])
    assert table.test_top1.between(0, 1).all()
    assert table.test_top5.isna().all(), "not measured, so missing"
