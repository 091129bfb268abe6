import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from tombola.cli import counting
from tombola.cli.counting import Lines


def console(*, terminal: bool = False) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100)


def text(where: Console) -> str:
    assert isinstance(where.file, io.StringIO)
    return where.file.getvalue()


def test_lines_come_when_the_last_is_a_while_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    where, now = console(), 1000.0
    monkeypatch.setattr(counting, "time", SimpleNamespace(monotonic=lambda: now))
    lines = Lines(where, every=20)
    for done in range(11):
        lines("pairs", done, 10)
        now += 6
    assert text(where).splitlines() == [
        "pairs: 4 of 10, about 36 s left",
        "pairs: 8 of 10, about 12 s left",
    ]


def test_quick_work_says_nothing() -> None:
    where = console()
    with counting.counting(where) as tell:
        for done in range(3):
            tell("figures", done, 2)
    assert text(where) == ""


def test_a_terminal_gets_bars_that_go() -> None:
    where = console(terminal=True)
    with counting.counting(where) as tell:
        assert isinstance(tell, counting.Bars)
        tell("pairs", 1, 3)
        tell.progress.refresh()
        tell("pairs", 3, 3)
        tell("figures", 0, 1)
        assert [task.description for task in tell.progress.tasks] == ["figures"]
    assert "pairs" in text(where)
    assert "1/3" in text(where)


def test_quiet_says_nothing_on_a_terminal() -> None:
    where = console(terminal=True)
    with counting.counting(where, quiet=True) as tell:
        tell("pairs", 1, 3)
    assert text(where) == ""
