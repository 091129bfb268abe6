"""``tombola analyse`` and ``reproduce``: files, the summary, the report's section, and mistakes in one sentence."""

import json
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from tombola.cli.analyse_command import show_result, shown_to_all
from tombola.cli.main import main
from tombola.experiments import run
from tombola.plots.analyses import Result
from tombola.specs import resolve


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    changes = {"train": {"steps": 20, "record_every": 10}, "replicates": 2, "prune": {"levels": 1}}
    return run(resolve("lenet-digits", changes=changes), tmp_path_factory.mktemp("runs")).path


def test_tables_figures_and_the_section_of_the_report(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", "overlap", str(finished), "--levels", "0-1"]) == 0
    folder = finished / "analysis" / "overlap"
    assert capsys.readouterr().out.strip().endswith(str(folder))
    about = json.loads((folder / "analysis.json").read_text())
    assert len(about["networks"]) == 4
    assert {network["stage"] for network in about["networks"]} == {"trained"}
    for table in about["tables"]:
        assert len(pd.read_csv(folder / f"{table}.csv")) > 0
    for figure in about["figures"]:
        assert (folder / f"{figure}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (folder / f"{figure}.svg").read_text()
    assert main(["report", str(finished)]) == 0
    page = (finished / "report.html").read_text()
    assert "Looking inside" in page
    assert page.count("data:image/svg+xml;base64,") == len(about["figures"])


def test_a_damaged_analysis_is_left_out_of_the_report(finished: Path) -> None:
    broken = finished / "analysis" / "broken"
    broken.mkdir(parents=True, exist_ok=True)
    (broken / "analysis.json").write_text('{"analysis": "broken"')
    assert main(["report", str(finished)]) == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["overlaps"], "unknown analysis 'overlaps'"),
        (["overlap"], "name run folders"),
        (["overlap", "RUN", "--stage", "begun"], "stage 'begun'"),
        (["overlap", "RUN", "--set", "colour=red"], "no such option"),
        (["overlap", "RUN", "--levels", "9"], "no level 9"),
        (["overlap", "RUN", "--winning", "best"], "unknown"),
        ([], "name an analysis"),
    ],
)
def test_mistakes_are_one_sentence(
    arguments: list[str], sentence: str, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["analyse", *(str(finished) if text == "RUN" else text for text in arguments)]) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert len(told.strip().splitlines()) == 1


def test_layers_are_told_apart_however_long_their_names_are(capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"blocks.{'very' * 20}.conv{number}" for number in (1, 2)]
    show_result(Result({"layers": pd.DataFrame({"layer": names, **{f"number {n}": [1.5, 2.5] for n in range(9)}})}))
    told = "".join(line.split("\u2502")[1].strip() for line in capsys.readouterr().out.splitlines() if "\u2502" in line)
    assert "".join(names) in told


@pytest.mark.parametrize("name", ["linear.2", "linear.2.weight"])
def test_layers_may_be_named_as_tables_name_them(name: str, finished: Path, tmp_path: Path) -> None:
    options = ("measures=w1", "splits=0", f"layers={name}")
    asked = [part for option in options for part in ("--set", option)]
    assert main(["analyse", "signs", str(finished), *asked, "--out", str(tmp_path)]) == 0
    assert set(pd.read_csv(tmp_path / "pairs.csv").layer) == {"linear.2.weight"}


def test_every_analysis_is_listed_with_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", "--list"]) == 0
    told = capsys.readouterr().out
    for name in ("signs", "distances", "clusters", "contributions", "overlap", "features", "structure"):
        assert f"{name}: " in told


def test_reproduce_says_what_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["signs", str(tmp_path)], ["sign", str(tmp_path)], ["signs", str(tmp_path / "none")]):
        assert main(["reproduce", *arguments]) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_repeated_flags_add_up(finished: Path, tmp_path: Path) -> None:
    options = ["--set", "splits=0", "bins=8", "--set", "measures=w1", "--levels", "0", "--levels", "1"]
    assert main(["analyse", "signs", str(finished), *options, "--out", str(tmp_path)]) == 0
    about = json.loads((tmp_path / "analysis.json").read_text())
    assert about["options"]["measures"] == ["w1"]
    assert about["options"]["splits"] == 0
    assert about["options"]["bins"] == 8
    assert len(about["networks"]) == 4


def test_runs_of_several_image_sets_are_told_which_they_are_shown() -> None:
    runs = [SimpleNamespace(spec=resolve(name)) for name in ("lenet-mnist-5k", "lenet-mnist", "lenet-mnist-5k")]
    assert shown_to_all(runs[:1] + runs[2:]) == ""
    told = "All networks are shown the images of mnist-5k, as the first run was; others were trained on mnist."
    assert shown_to_all(runs) == told
