"""Help tells each default once, and writes flags as the documentation does."""

import re

import pytest

from tombola.cli.main import COMMANDS, main
from tombola.cli.study_command import ACTIONS

PAGES = [
    *([name] for name in COMMANDS if name not in ("run", "study", "bench", "version")),
    *(["study", action] for action in ACTIONS),
    ["bench", "train"],
    ["bench", "ticket"],
    ["explain", "compare"],
]


def page(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit):
        main([*arguments, "--help"])
    return re.sub(r"[ │\n]+", " ", capsys.readouterr().out)


@pytest.mark.parametrize("arguments", PAGES, ids=" ".join)
def test_defaults_are_told_once_and_flags_have_hyphens(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    text = page(arguments, capsys)
    assert not re.search(r"\(default: (None|False|'')?\)", text)
    assert not re.search(r"\] \(default", text)
    assert not re.search(r"--[a-z]+_", text)


def test_real_defaults_required_and_repeatable_arguments_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    export, explain = page(["export"], capsys), page(["explain"], capsys)
    assert "of the control (default: 0)" in export
    assert "the run folder (required)" in export
    assert "[named after the ticket]" in export
    assert "[grad-cam] (repeatable)" in explain
    assert "(default: heatmap)" in explain


def test_both_spellings_are_understood(capsys: pytest.CaptureFixture[str]) -> None:
    for flag in ("--dry-run", "--dry_run"):
        assert main(["gc", "nowhere", flag]) == 2
        assert "nowhere is no run folder" in capsys.readouterr().err
