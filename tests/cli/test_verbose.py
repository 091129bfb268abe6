"""How much a run says: nothing with --quiet, a line for every record with -v, the network with -vv."""

from pathlib import Path

import pytest

from tombola.cli.main import main
from tombola.cli.run_command import without_verbosity

SMALL = [
    *("lenet-digits", "--replicates", "1", "--prune.levels", "1", "--train.steps", "40"),
    *("--train.record_every", "20st"),
]


@pytest.mark.parametrize(
    ("given", "count"),
    [(["a"], 0), (["a", "-v"], 1), (["-vvv", "a"], 3), (["a", "--verbose", "-vv"], 3), (["a", *["-vvvvvvvv"] * 3], 24)],
)
def test_any_number_of_vs_is_accepted(given: list[str], count: int) -> None:
    assert without_verbosity(given) == (["a"], count)


def test_options_that_begin_with_v_are_left_alone() -> None:
    assert without_verbosity(["--train.validation_loss", "batch-mean"])[1] == 0


def test_records_and_the_network_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["run", *SMALL, "--out", str(tmp_path), "--workers", "1", "--quiet"]
    assert main([*arguments, "-vv"]) == 0
    said = capsys.readouterr().err
    assert said.count("val accuracy") == 3 * 3  # dense, ticket and control, with records at steps 0, 20 and 40
    assert "begins at density 1.0000, steps 0 to 40" in said
    assert "Linear(in_features=64" in said
    assert main([*arguments, "--name", "other", "-v"]) == 0
    assert "Linear" not in capsys.readouterr().err
    assert main([*arguments, "--name", "third"]) == 0
    assert capsys.readouterr().err == ""
