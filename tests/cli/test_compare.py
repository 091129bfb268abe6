import json
from pathlib import Path

import pytest

from tombola.cli.main import main
from tombola.experiments import run
from tombola.specs import resolve

SHORT = {"train": {"steps": 40, "record_every": 10}, "prune": {"levels": 2}}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs side by side: two that share their dense level, and one of another seed."""
    out = tmp_path_factory.mktemp("runs")
    for name, more in {
        "imp": {"controls": ["reinit:2"]},
        "one-shot": {"prune": {"levels": 2, "procedure": "one-shot"}, "controls": []},
        "other-seed": {"seed": 5, "controls": []},
    }.items():
        run(resolve("lenet-digits", changes=SHORT | {"name": name, "replicates": 3} | more), out)
    return out


def paths(out: Path, *names: str) -> list[str]:
    return [str(next(out.glob(f"{name}-*"))) for name in names]


def test_tables_and_sentences(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *paths(out, "imp", "one-shot", "other-seed")]) == 0
    text = capsys.readouterr().out
    assert "Test accuracy at early stop" in text
    assert "imp minus one-shot: Paired by replicate (replicates 0, 1 and 2)" in text
    assert "The very same trained networks in both: level" in text
    assert "imp minus other-seed: Compared as independent samples, because the seeds differ (0 and 5)." in text
    assert "ticket minus control" in text
    assert "Holm-adjusted" in text
    assert "dense" in text


@pytest.mark.parametrize("ending", ["html", "csv", "json"])
def test_the_last_line_is_the_file(ending: str, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / f"new/x.{ending}"
    assert main(["compare", *paths(out, "imp", "one-shot"), "--out", str(target)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(target)
    assert target.stat().st_size > 1000


def test_another_tolerance_and_measure(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *paths(out, "imp"), "--tolerance", "60"]) == 0
    assert "not worse than dense by more than 60 points" in capsys.readouterr().out
    target = tmp_path / "x.json"
    assert main(["compare", *paths(out, "imp"), "--measure", "early_stop_step", "-o", str(target)]) == 0
    text = capsys.readouterr().out
    assert "Early-stop step" in text
    assert "not worse" not in text
    assert json.loads(target.read_text())["measure"] == "early_stop_step"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "compare needs at least one RUN"),
        (["nowhere"], "nowhere is no run folder"),
        (["RUN", "RUN"], "is given twice"),
        (["RUN", "--measure", "accuracy"], "measure = 'accuracy' is not measured"),
        (["RUN", "--tolerance", "-1"], "--tolerance -1"),
        (["RUN", "--tolerance", "1", "--measure", "val_loss"], "in points of accuracy"),
        (["RUN", "--out", "page.pdf"], "give one of .html, .csv, .json"),
    ],
)
def test_mistakes(arguments: list[str], sentence: str, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [paths(out, "imp")[0] if word == "RUN" else word for word in arguments]
    assert main(["compare", *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert sentence in said.err
    assert said.err.count("\n") == 1
