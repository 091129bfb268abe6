"""What is printed when a job is finished: its line, and a warning where its mask deserves one."""

from rich.console import Console

from tombola.experiments.events import JobFinished
from tombola.experiments.procedures.found import mask_warning


def print_finished(console: Console, line: str, event: JobFinished) -> None:
    """Print the line of a finished job, and below it what is wrong with the mask that was found, if anything is."""
    console.print(line)
    if (sentence := mask_warning(event.info.found)) is not None:
        console.print(f"[yellow]{event.job}: {sentence}[/yellow]", soft_wrap=True)
