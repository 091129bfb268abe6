"""What limits a verdict, one sentence each: what is not excluded, what is missing, and how the early stop compares."""

from tombola.analysis.gaps import gaps
from tombola.analysis.standing import MIN_REPLICATES, Standing
from tombola.analysis.wording import NARROW, count, signed, span
from tombola.store import Run


def limits(run: Run, levels: list[Standing], judged: Standing | None) -> list[str]:
    """Return the notes to a verdict.

    Parameters
    ----------
    run
        The run that was judged.
    levels
        How every pruned level stands.
    judged
        The level the verdict is about; None where there is none.
    """
    return [*_doubts(levels, judged), *_losses(run), *_speed(judged)]


def _doubts(levels: list[Standing], judged: Standing | None) -> list[str]:
    """Say what the claim cannot exclude, and which levels it had to leave out."""
    if judged is None or not judged.counts:
        return []
    notes = []
    if judged.keeps_up and not judged.surely_keeps_up and not judged.minus_dense.equal:
        loss = f"{-100 * judged.minus_dense.low:.2f}"
        notes.append(
            f"A loss of up to {loss} points against dense is not excluded; more replicates narrow the interval."
        )
    if any(s.level > judged.level and s.minus_dense.n and not s.counts for s in levels):
        notes.append(f"Sparser levels with fewer than {MIN_REPLICATES} complete pairs are not judged.")
    return notes


def _losses(run: Run) -> list[str]:
    missing = gaps(run)
    failed = sum(gap.status == "failed" for gap in missing)
    absent = len(missing) - failed
    total = sum(1 for _ in run.planned())
    notes = []
    if failed:
        notes.append(f"{count(failed, 'job')} of {total:,} failed and {'is' if failed == 1 else 'are'} left out.")
    if absent:
        notes.append(f"{count(absent, 'job')} of {total:,} {'is' if absent == 1 else 'are'} not there (yet).")
    return notes


def _speed(judged: Standing | None) -> list[str]:
    """Say how the early-stop step compares, which is the other half of the published claim."""
    if judged is None or judged.steps_minus_dense.n == 0:
        return []
    steps = judged.steps_minus_dense
    if steps.mean == 0:
        return ["Its early stop is, on average, at the same step as dense."]
    way = "earlier" if steps.mean < 0 else "later"
    name = f"95{NARROW}% interval " if steps.known and not steps.equal else ""
    doubt = "; not settled" if steps.known and not steps.equal and not steps.excludes_zero else ""
    ends = span(steps, lambda x: signed(x, 0))
    return [f"Its early stop comes {abs(steps.mean):,.0f} steps {way} than that of dense ({name}{ends}{doubt})."]
