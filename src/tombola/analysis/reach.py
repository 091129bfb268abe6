"""How far down the ticket is not worse than dense: a claim of non-inferiority, and what it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass

from tombola.analysis.contrasts import Contrast
from tombola.analysis.intervals import Interval
from tombola.analysis.standing import MARGIN, MIN_REPLICATES, ROUNDING
from tombola.analysis.wording import NARROW, count, level_names, listing, percent, place, points


@dataclass(frozen=True)
class Reach:
    """How far down the ticket keeps up with dense.

    Attributes
    ----------
    tolerance
        The loss of accuracy that counts as not worse, as a fraction.
    last
        The sparsest level of the claim; None where nothing is claimed.
    n
        The fewest pairs that any level of the claim rests on; 0 without a claim.
    sentence
        The claim, or why there is none, in words.
    """

    tolerance: float
    last: Contrast | None
    n: int
    sentence: str


def reach(levels: Sequence[Contrast], tolerance: float = MARGIN) -> Reach:
    """Return how far down the ticket is not worse than dense by more than a tolerance.

    Levels are tested from dense to sparse, and the first that fails ends the claim. A level passes if the lower end of
    its 95 % interval of ticket minus dense is not below minus the tolerance, and it rests on at least three pairs
    that are not all equal. Because the order is fixed beforehand and testing stops at the first failure, no level
    needs a correction: the chance of claiming any level whose true loss exceeds the tolerance is at most 2.5 %
    (fixed-sequence testing; Maurer, Hothorn & Lehmacher 1995).

    Parameters
    ----------
    levels
        Ticket minus dense of every pruned level, dense to sparse, as `against_dense` returns them.
    tolerance
        The loss that still counts as not worse, as a fraction (0.002 = 0.2 points); 0 or more.
    """
    most = f"{100 * tolerance:.3g} points"
    paired = [each for each in levels if each.difference.interval.n]
    if not levels:
        return Reach(tolerance, None, 0, "Nothing was pruned, so there is no ticket to compare with dense.")
    if not paired:
        return Reach(tolerance, None, 0, "No replicate has both its dense network and a pruned one yet.")
    if max(each.difference.interval.n for each in paired) < MIN_REPLICATES:
        return Reach(tolerance, None, 0, _too_few(paired[-1]))
    passed = [_passes(each.difference.interval, tolerance) for each in levels]
    chain = passed.index(False) if False in passed else len(passed)
    later = [each for each, fine in list(zip(levels, passed, strict=True))[chain + 1 :] if fine]
    alone = f" {_alone(later)}" if later else ""
    if chain == 0:
        text = f"No density is shown to be within {most} of dense: {_why(levels[0])}.{alone}"
        return Reach(tolerance, None, 0, text)
    last, n = levels[chain - 1], min(each.difference.interval.n for each in levels[:chain])
    text = f"Down to {place(last.density, last.level)} the ticket is not worse than dense by more than {most} (n = {n})"
    end = f"; further down, {_why(levels[chain])}." if chain < len(levels) else ", the sparsest level there is."
    return Reach(tolerance, last, n, text + end + alone)


def _passes(interval: Interval, tolerance: float) -> bool:
    enough = interval.n >= MIN_REPLICATES and not interval.equal
    return enough and interval.low >= -tolerance - ROUNDING


def _why(level: Contrast) -> str:
    """Say why a level does not pass."""
    interval, where = level.difference.interval, _at(level)
    if interval.n < MIN_REPLICATES:
        return f"{where} has {count(interval.n, 'complete pair')} and {MIN_REPLICATES} are needed"
    if interval.equal:
        return f"at {where} all {interval.n} differences are equal, which leaves no interval to judge by"
    return f"at {where} a loss of {100 * -interval.low:.2f} points is not excluded (n = {interval.n})"


def _at(level: Contrast) -> str:
    known = level.density == level.density
    return place(level.density, level.level) if known else f"level {level.level}"


def _alone(levels: Sequence[Contrast]) -> str:
    """Name the levels that would pass if none before them had failed."""
    ends = listing([percent(each.density) for each in (levels[0], levels[-1])][: len(levels)])
    where = f"density {ends}" if len(levels) < 3 else f"densities between {ends}"
    names = level_names([each.level for each in levels]).capitalize()
    return f"{names} ({where}) would pass on {'its' if len(levels) == 1 else 'their'} own."


def _too_few(level: Contrast) -> str:
    interval = level.difference.interval
    text = f"{count(interval.n, 'replicate')} cannot carry a claim about dense, {MIN_REPLICATES} or more can. "
    ends = f", 95{NARROW}% interval {points(interval.low)} to {points(interval.high)}"
    return text + (
        f"What there is: at {_at(level)}, ticket minus dense {points(interval.mean)} points"
        f"{ends if interval.known and not interval.equal else ''} (n = {interval.n})."
    )
