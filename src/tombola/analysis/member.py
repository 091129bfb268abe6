"""One run of a comparison: its values, its ticket against dense and against its controls."""

from collections.abc import Sequence
from dataclasses import dataclass

from tombola.analysis.contrasts import Contrast, against_controls, against_dense
from tombola.analysis.gaps import gaps
from tombola.analysis.intervals import Interval, mean_interval
from tombola.analysis.measures import Measure, Values
from tombola.analysis.needs import power_note
from tombola.analysis.reach import Reach, reach
from tombola.analysis.summary import level_densities
from tombola.analysis.wording import count
from tombola.store import Run
from tombola.store.folder import TICKET


@dataclass(frozen=True)
class Member:
    """One run of a comparison, with its own statistics.

    Attributes
    ----------
    run, label
        The run, and a name no other run of the comparison has.
    densities
        Mean density per level, NaN where no job of the level is done.
    dense, controls
        Ticket minus dense, and ticket minus each control: one family of tests each.
    reach
        How far down the ticket keeps up with dense; None unless accuracies are compared.
    power
        The power note; empty unless accuracies are compared.
    missing
        How many jobs failed or are absent, in words; empty where none.
    values
        Level, control -> replicate -> value.
    """

    run: Run
    label: str
    densities: tuple[float, ...]
    dense: tuple[Contrast, ...]
    controls: tuple[Contrast, ...]
    reach: Reach | None
    power: str
    missing: str
    values: Values

    def value(self, level: int, control: str = TICKET) -> Interval:
        """Return the mean over replicates with its interval."""
        return mean_interval(list(self.values(level, control).values()))


def labels(runs: Sequence[Run]) -> list[str]:
    """Return a short name per run: its spec's, or its folder's, or its path where those are not unique."""
    options = ([run.spec.name for run in runs], [run.path.name for run in runs], [str(run.path) for run in runs])
    return [next(names[i] for names in options if names.count(names[i]) == 1 or names is options[-1])
            for i in range(len(runs))]  # fmt: skip


def make_member(run: Run, label: str, measure: Measure, tolerance: float) -> Member:
    """Return a run with its own statistics."""
    dense = against_dense(run, measure)
    missing = gaps(run)
    failed = sum(gap.status == "failed" for gap in missing)
    absent = len(missing) - failed
    parts = [f"{count(failed, 'job')} failed"] * bool(failed) + [f"{count(absent, 'job')} not there (yet)"] * bool(
        absent
    )
    return Member(
        run,
        label,
        tuple(level_densities(run)),
        tuple(dense),
        tuple(against_controls(run, measure)),
        reach(dense, tolerance) if measure.is_accuracy else None,
        power_note(dense) if measure.is_accuracy and dense else "",
        ", ".join(parts),
        Values(run.early_stop_table(), measure),
    )
