"""Live progress of a run: a display on a terminal, plain lines elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from tombola.analysis.wording import duration
from tombola.cli.clock import Clock
from tombola.cli.console import size
from tombola.cli.finished import print_finished
from tombola.experiments.events import (
    DataPrepared,
    Event,
    JobFinding,
    JobFinished,
    JobLost,
    JobProgress,
    JobStarted,
    KernelsCompiled,
    Listener,
    RunEstimated,
    RunStarted,
)
from tombola.store import JobId
from tombola.store.folder import TICKET

LONG = 3600.0
"""Seconds from which on a run is announced with a warning."""

BARS = 12
"""Jobs that have a bar at a time: with more, the line of the whole run would leave the screen."""


def describe(job: JobId) -> str:
    """Return a job's name in a column of even width."""
    control = "ticket" if job.control == TICKET else f"{job.control} {job.repetition}"
    return f"replicate {job.replicate}  level {job.level:>2}  {control:<12}"


def finished_line(event: JobFinished) -> str:
    """Return the line that stays behind for a finished job."""
    info = event.info
    if info.status != "done":
        return f"[red]{describe(event.job)}  failed: {info.reason}[/red]"
    return (
        f"{describe(event.job)}  density {info.density:6.2%}  early stop at step {info.early_stop_step:>6}  "
        f"{duration(info.seconds):>9}"
    )


def announce(console: Console, event: RunEstimated) -> None:
    """Say what the run will cost before it starts."""
    console.print(f"estimated: about {duration(event.seconds)} and {size(event.bytes)} of disk")
    if event.seconds > LONG:
        console.print("[yellow]more than an hour: Ctrl-C stops it, the same command continues where it was[/yellow]")


def prepared(event: DataPrepared) -> str:
    """Return the line about slow work on the images."""
    work = event.work
    return f"{work.what}: {work.done:,} of {work.total:,} {work.unit} (once, then kept)"


def compiled(event: KernelsCompiled) -> str:
    """Return the line about kernels."""
    if event.seconds is None:
        return "compiling the kernels of the sparse engine (once, then kept)"
    return f"kernels compiled in {duration(event.seconds)}"


def begun(event: RunStarted) -> str:
    """Return the first line of a run."""
    return f"{event.path}: {event.pending} of {event.total} jobs to do, {event.workers} at a time"


class Lines:
    """Plain lines: one per finished job, with the time left."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.clock = Clock()
        self.jobs = (0, 0)

    def __call__(self, event: Event) -> None:
        """Print what is worth a line."""
        self.clock.update(event)
        match event:
            case DataPrepared():
                if event.work.done == 0 or event.work.done >= event.work.total:
                    self.console.print(prepared(event))
            case KernelsCompiled():
                self.console.print(compiled(event))
            case RunEstimated():
                announce(self.console, event)
            case RunStarted():
                self.clock.begin(event.pending_steps)
                self.jobs = (0, event.pending)
                self.console.print(begun(event), soft_wrap=True)
            case JobFinished():
                self.jobs = (self.jobs[0] + 1, self.jobs[1])
                count = f"{self.jobs[0]}/{self.jobs[1]}"
                print_finished(self.console, f"{count:>8}  {finished_line(event)}  left {self.clock.left()}", event)
            case JobLost():
                self.console.print(f"[red]{describe(event.job)}  lost: {event.reason.splitlines()[-1]}[/red]")
            case _:
                pass


class Display:
    """A live display: one bar for the run, one per job that is going."""

    def __init__(self, console: Console) -> None:
        self.clock = Clock()
        self.overall = Progress(
            TextColumn("[bold]{task.completed}/{task.total} jobs"),
            BarColumn(bar_width=40),
            TextColumn("{task.percentage:>3.0f} %  time left {task.fields[left]}"),
            console=console,
        )
        self.each = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn(
                "{task.completed:>6.0f}/{task.total:.0f} steps  {task.fields[speed]:>5.0f}/s  {task.fields[accuracy]}"
            ),
            console=console,
        )
        self.live = Live(Group(self.each, self.overall), console=console, refresh_per_second=5)
        self.tasks: dict[JobId, TaskID] = {}
        self.whole: TaskID | None = None

    def __call__(self, event: Event) -> None:
        """Redraw what changed."""
        self.clock.update(event)
        match event:
            case DataPrepared():
                self.live.update(Group(prepared(event), self.overall))
            case KernelsCompiled():
                self.live.console.print(compiled(event))
            case RunEstimated():
                self.live.update(Group(self.each, self.overall))
                announce(self.live.console, event)
            case RunStarted():
                self.clock.begin(event.pending_steps)
                self.live.console.print(begun(event), soft_wrap=True)
                self.whole = self.overall.add_task("", total=event.pending, left="-")
            case JobFinding():
                if event.job not in self.tasks:
                    self.tasks[event.job] = self.each.add_task(
                        describe(event.job), visible=len(self.tasks) < BARS, total=event.total, speed=0, accuracy=""
                    )
                self.each.update(
                    self.tasks[event.job], completed=event.done, total=event.total, accuracy=f"({event.what})"
                )
            case JobStarted():
                if event.job in self.tasks:  # tried again, after its worker died
                    self.each.remove_task(self.tasks.pop(event.job))
                self.tasks[event.job] = self.each.add_task(
                    describe(event.job),
                    visible=len(self.tasks) < BARS,
                    total=event.last_step,
                    completed=event.first_step,
                    speed=0,
                    accuracy=f"density {event.density:6.2%}",
                )
            case JobProgress(progress=progress) if event.job in self.tasks:
                self.each.update(
                    self.tasks[event.job],
                    completed=progress.step,
                    speed=self.clock.speed(event.job),
                    accuracy=f"density {self.clock.density(event.job):6.2%}  val accuracy {progress.val_accuracy:6.2%}",
                )
            case JobFinished() | JobLost():
                if event.job in self.tasks:
                    self.each.remove_task(self.tasks.pop(event.job))
                if isinstance(event, JobFinished):
                    print_finished(self.live.console, finished_line(event), event)
                else:
                    self.live.console.print(f"[red]{describe(event.job)}  lost: {event.reason.splitlines()[-1]}[/red]")
                if self.whole is not None:
                    self.overall.advance(self.whole)
        if self.whole is not None:
            self.overall.update(self.whole, left=self.clock.left())


@contextmanager
def watching(console: Console, *, quiet: bool) -> Iterator[Listener]:
    """Give a listener that shows a run's progress, while the context lasts."""
    if quiet:
        yield lambda event: None
    elif console.is_terminal:
        display = Display(console)
        with display.live:
            yield display
    else:
        yield Lines(console)
