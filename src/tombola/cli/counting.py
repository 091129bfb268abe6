"""How far slow work is that is no run: a bar with the time left on a terminal, now and then a line elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from tombola.analysis.wording import duration
from tombola.telling import Tell, silent

EVERY = 20.0
"""Seconds between lines."""


class Bars:
    """One bar for each kind of work, gone when it is done."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.tasks: dict[str, TaskID] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        """Redraw."""
        if what not in self.tasks:
            self.tasks[what] = self.progress.add_task(what, total=total)
        self.progress.update(self.tasks[what], completed=done, total=total)
        if done >= total:
            self.progress.remove_task(self.tasks.pop(what))


class Lines:
    """A line with the time left where the last one is a while ago."""

    def __init__(self, console: Console, every: float = EVERY) -> None:
        self.console, self.every = console, every
        self.told = time.monotonic()
        self.began: dict[str, float] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        """Print, or wait."""
        now = time.monotonic()
        began = self.began.setdefault(what, now)
        if done >= total:
            del self.began[what]
        elif done and now - self.told >= self.every:
            left = duration((now - began) * (total - done) / done)
            self.console.print(f"{what}: {done:,} of {total:,}, about {left} left", markup=False)
            self.told = now


@contextmanager
def counting(console: Console, *, quiet: bool = False) -> Iterator[Tell]:
    """Give a function that shows how far work is, while the context lasts."""
    if quiet:
        yield silent
    elif console.is_terminal:
        columns = (
            TextColumn("{task.description}"),
            *(BarColumn(), MofNCompleteColumn(), TextColumn("time left"), TimeRemainingColumn()),
        )
        with Progress(*columns, console=console, transient=True) as progress:
            yield Bars(progress)
    else:
        yield Lines(console)
