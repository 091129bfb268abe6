"""`tombola bench ticket` as a user meets it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tombola.cli.bench_ticket import main
from tombola.cli.main import main as tombola
from tombola.errors import TombolaError

SHORT = ["--train.steps", "20", "--train.record_every", "10", "--prune.levels", "2", "--replicates", "1"]
QUICK = ["--repeats", "1"]


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    assert tombola(["run", "lenet-digits", *SHORT, "--workers", "1", "--out", str(folder)]) == 0
    return next(path for path in folder.iterdir() if path.is_dir())


def test_the_last_level_in_every_form(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(run_folder), *QUICK]) == 0
    said = capsys.readouterr()
    assert "replicate 0, level 2: density 0.37" in said.out
    for form in ("dense", "masked", "compacted", "CSR", "sparse engine"):
        assert f"\n  {form}: " in said.out
    assert "interleaved repeats, 1 thread;" in " ".join(said.out.split())
    assert "measuring" in said.err


def test_levels_states_and_a_file(run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "deep" / "ticket.json"
    assert main([str(run_folder), "--level", "0", "2", "--state", "trained", "--json", str(file), *QUICK]) == 0
    assert capsys.readouterr().out.count("images/s") == 2
    found = json.loads(file.read_text())
    assert (found["state"], list(found["levels"])) == ("trained", ["0", "2"])
    sizes = [{row["name"]: row["bytes"] for row in level["rows"]} for level in found["levels"].values()]
    assert sizes[0]["dense"] == sizes[1]["dense"]
    assert sizes[1]["masked"] < 0.8 * sizes[0]["masked"]
    timing = found["levels"]["2"]["rows"][1]["timings"][1]
    assert timing["images_per_second"] == pytest.approx(64_000 / timing["milliseconds"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["--level", "7"], "has no"), (["--replicate", "3"], "no finished level of replicate 3")],
)
def test_mistakes_are_told_in_one_sentence(run_folder: Path, arguments: list[str], sentence: str) -> None:
    with pytest.raises(TombolaError, match=sentence):
        main([str(run_folder), *arguments, *QUICK])


def test_help_needs_no_torch() -> None:
    code = "import sys\nfrom tombola.cli.bench_ticket import main\ntry:\n    main(['--help'])\n"
    code += "except SystemExit as stop:\n    print('code', stop.code, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "code 0 False", done.stderr
    assert "usage: tombola bench ticket" in done.stdout
