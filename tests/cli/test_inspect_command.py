"""``tombola inspect`` as a user meets it: tables that fit, files, figures, sentences about mistakes."""

import io
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from tombola.analysis import Structure, inspect_run
from tombola.analysis.inspect_tables import mean_rows
from tombola.cli.inspect_view import layer_tables, level_table, remarks
from tombola.cli.main import main
from tombola.experiments import run
from tombola.specs import resolve
from tombola.store import open_run

CHANGES = {
    "train": {"steps": 12, "record_every": 6},
    "prune": {"levels": 5, "conv_rate": 0.7, "linear_rate": 0.7, "output_rate": 0.7},
    "network": {"family": "conv", "conv": ["4B", "M", "4"], "linear": [8]},
    "controls": ["shuffle-layerwise:1"],
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run whose last levels have collapsed."""
    return run(resolve("lenet-digits", changes=CHANGES), tmp_path_factory.mktemp("runs")).path


def printed(networks: list[Structure], width: int, *, each: bool = False) -> str:
    text = io.StringIO()
    console = Console(width=width, file=text)
    means = mean_rows(networks)
    console.print(level_table(means, console))
    for table in layer_tables(means, console, each=each):
        console.print(table)
    for line in remarks(networks):
        console.print(line)
    return text.getvalue()


def test_a_run(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(path)]) == 0
    text = capsys.readouterr().out
    assert path.name in text
    assert "Networks, mean over 2 replicates" in text
    assert "Layers of level 5, mean over 2 replicates" in text
    assert text.count("Layers of level") == 1
    means = mean_rows(inspect_run(path))
    for row in means:
        if row["layer"] == "all":
            assert re.search(rf"^ +{row['level']} .* {row['n']} *$", text, flags=re.MULTILINE), row
    assert "2 of 2" in text
    assert "no path leads from input to output, the network has collapsed" in text
    assert "on path: survivors on a path" in text


def test_choosing(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--levels", "1-2", "--replicates", "1", "--controls", "shuffle-layerwise"]
    assert main(["inspect", str(path), *arguments]) == 0
    text = capsys.readouterr().out
    titles = re.findall(r"^Layers of .*$", text, flags=re.MULTILINE)
    assert [title.strip() for title in titles] == [
        "Layers of level 1", "Layers of level 1, shuffle-layerwise", "Layers of level 2",
        "Layers of level 2, shuffle-layerwise",
    ]  # fmt: skip
    assert "mean over" not in text
    assert "ticket" in text


@pytest.mark.parametrize("width", [80, 100, 120])
def test_tables_fit_any_terminal(path: Path, width: int) -> None:
    text = printed(inspect_run(path), width, each=True)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for heading in ("density", "on path", "active", "kept"):
        assert heading in text
    everything = r"kept +of +density +on path +relative +active +empty +unread +per unit +mult-adds"
    assert bool(re.search(everything, text)) == (width > 80)


def test_files_hold_every_number(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    csv, document, out = tmp_path / "a.csv", tmp_path / "b.json", tmp_path / "c"
    assert main(["inspect", str(path), "--csv", str(csv), "--json", str(document), "--out", str(out)]) == 0
    table = pd.read_csv(csv)
    assert len(table) == 12 * 5
    assert table[table.layer == "all"].density.to_list() == [network.density for network in inspect_run(path)]
    networks = json.loads(document.read_text())["networks"]
    assert [network["kept"] for network in networks] == table[table.layer == "all"].kept.to_list()
    told = capsys.readouterr().out
    for form, start in (("svg", b"<?xml"), ("png", b"\x89PNG")):
        assert (out / f"structure.{form}").read_bytes().startswith(start)
        assert f"structure.{form}" in told


def test_a_ticket(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = path / "jobs" / "1" / "2" / "none" / "0"
    told = []
    for where in (folder, folder / "ticket.safetensors"):
        assert main(["inspect", str(where), "--out", str(tmp_path)]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert f"{path.name}, replicate 1, level 2" in told[0]
    assert "Networks" not in told[0]
    assert (tmp_path / "structure.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["RUN", "--levels", "9"], "has no level 9; its levels go from 0 to 5"),
        (["RUN", "--levels", "last"], "give numbers"),
        (["RUN", "--controls", "shuffle-layer"], "did you mean 'shuffle-layerwise'?"),
        (["TICKET", "--levels", "2"], "--levels chooses from a run"),
        (["RUN/absent"], "does not exist"),
        (["RUN/spec.yaml"], "is no ticket"),
        ([], "RUN|TICKET"),
    ],
)
def test_mistakes(path: Path, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    ticket = path / "jobs" / "0" / "1" / "none" / "0"
    given = [text.replace("RUN", str(path)).replace("TICKET", str(ticket)) for text in arguments]
    assert main(["inspect", *given]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert len(error.splitlines()) == 1


def test_runs_without_masks_say_so(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copied = tmp_path / path.name
    for file in path.rglob("*"):
        if file.is_file() and file.name != "ticket.safetensors":
            (copied / file.relative_to(path)).parent.mkdir(parents=True, exist_ok=True)
            (copied / file.relative_to(path)).write_bytes(file.read_bytes())
    assert main(["inspect", str(copied)]) == 2
    captured = capsys.readouterr()
    assert "no mask of" in captured.err
    one = Path("jobs/0/3/none/0/ticket.safetensors")
    (copied / one).write_bytes((path / one).read_bytes())
    assert main(["inspect", str(copied)]) == 0
    captured = capsys.readouterr()
    assert "11 of 12 jobs hold no mask" in captured.err
    assert "Layers of level 3" in captured.out
    assert open_run(copied).jobs


def test_every_control_of_other_masks_is_a_line(path: Path) -> None:
    text = printed(inspect_run(path, controls=["shuffle-layerwise"]), 100)
    lines = [line for line in text.splitlines() if re.match(r" +\d+  shuffle-layerwise ", line)]
    assert len(lines) == 5
