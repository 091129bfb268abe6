"""What ``-v`` adds to a run: the network, and a line for every record. Any number of v's is accepted."""

from rich.console import Console

from tombola.cli.progress import describe
from tombola.experiments.events import Event, JobProgress, JobStarted, Listener
from tombola.networks import build
from tombola.specs import ExperimentSpec


def telling(console: Console, spec: ExperimentSpec, verbosity: int) -> list[Listener]:
    """Return what listens at a verbosity: nothing at 0, records from 1 on; from 2 on the network is printed first."""
    if verbosity == 0:
        return []
    if verbosity > 1:
        for line in network_lines(spec):
            console.print(line, markup=False)

    def tell(event: Event) -> None:
        if isinstance(event, JobStarted):
            steps = f"steps {event.first_step:,} to {event.last_step:,}"
            console.print(f"{describe(event.job)}  begins at density {event.density:.4f}, {steps}", markup=False)
        if isinstance(event, JobProgress):
            at = event.progress
            console.print(
                f"{describe(event.job)}  step {at.step:>6,} of {at.total_steps:,}  train loss {at.train_loss:.4f}  "
                f"val loss {at.val_loss:.4f}  val accuracy {at.val_accuracy:.4f}",
                markup=False,
            )

    return [tell]


def network_lines(spec: ExperimentSpec) -> list[str]:
    """Return the network's structure, as PyTorch writes it."""
    from tombola.data import describe as describe_data

    info = describe_data(spec.data)
    return str(build(spec.network, info.shape, len(info.classes), device="meta")).splitlines()
