"""``log.txt``: what happened when, in plain lines."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from tombola.experiments.events import (
    BundleParted,
    Event,
    JobFinished,
    JobLost,
    JobsBundled,
    KernelsCompiled,
    RunStarted,
)
from tombola.experiments.procedures.found import mask_warning
from tombola.store.files import told_clearly

Write = Callable[[str], None]


class RunLog:
    """Appends time-stamped lines to a run's log."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def line(self, text: str) -> None:
        """Append one entry; further lines of a long one are indented."""
        stamp = datetime.now().astimezone().isoformat(timespec="seconds")
        with told_clearly(self.path), self.path.open("a") as file:
            file.write(f"{stamp}  {text.rstrip()}\n".replace("\n", "\n    ").rstrip(" "))

    def __call__(self, event: Event) -> None:
        """Log the events that matter afterwards."""
        match event:
            case RunStarted():
                self.line(f"{event.pending} of {event.total} jobs to do, {event.workers} at a time")
            case KernelsCompiled(seconds=float(seconds)):
                self.line(f"kernels compiled in {seconds:.1f} s")
            case JobsBundled():
                self.line(f"{len(event.jobs)} jobs train together, from {event.jobs[0]} to {event.jobs[-1]}")
            case BundleParted():
                self.line(f"{len(event.jobs)} jobs broke off and are tried in halves: {event.reason}")
            case JobFinished(info=info) if info.status == "done":
                self.line(
                    f"{event.job}: done, density {info.density:.4f}, early stop at step {info.early_stop_step}, "
                    f"{info.seconds:.1f} s (evaluation {info.evaluation_seconds:.1f} s), {info.engine} on {info.device}"
                )
                if (warning := mask_warning(info.found)) is not None:
                    self.line(f"{event.job}: {warning}")
            case JobFinished(info=info):
                self.line(f"{event.job}: failed: {info.reason}")
            case JobLost():
                self.line(f"{event.job}: lost: {event.reason}")
            case _:
                pass
