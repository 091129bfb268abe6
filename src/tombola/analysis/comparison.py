"""Runs side by side: each on its own, and the first one against every other, level by level."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tombola.analysis.contrasts import Contrast, one_family
from tombola.analysis.matching import DECIMALS, Matching, match_levels
from tombola.analysis.measures import ACCURACY, Measure
from tombola.analysis.member import Member, labels, make_member
from tombola.analysis.needs import power_note
from tombola.analysis.paired import paired_test, unpaired_test
from tombola.analysis.pairing import Pairing, pairing
from tombola.analysis.standing import MARGIN
from tombola.errors import TombolaError
from tombola.store import Run
from tombola.store.folder import TICKET


@dataclass(frozen=True)
class Against:
    """The first run minus another one.

    Attributes
    ----------
    label
        The other run.
    pairing, matching
        Which replicates and which levels are compared, and why others are not.
    contrasts
        Differences by level of the first run; all of the comparison's are one family of tests.
    shared
        Levels of the first run whose trained networks are the very same in both.
    power
        The power note; empty unless accuracies are compared pair by pair.
    """

    label: str
    pairing: Pairing
    matching: Matching
    contrasts: tuple[Contrast, ...]
    shared: tuple[int, ...]
    power: str


@dataclass(frozen=True)
class Comparison:
    """Several runs compared by one measure; `against` holds the first one minus each other one."""

    measure: Measure
    tolerance: float
    members: tuple[Member, ...]
    against: tuple[Against, ...]

    @property
    def first(self) -> Member:
        """The run that others are subtracted from."""
        return self.members[0]

    @cached_property
    def densities(self) -> tuple[float, ...]:
        """Every density that any run has, dense to sparse, six decimals."""
        found = {round(d, DECIMALS) for member in self.members for d in member.densities if d == d}
        return tuple(sorted(found, reverse=True))


def compare(runs: Sequence[Run], measure: Measure = ACCURACY, tolerance: float = MARGIN) -> Comparison:
    """Compare runs: each one's ticket with its dense network and controls, and the first run with every other one.

    Parameters
    ----------
    runs
        Opened runs, finished or not. One run is compared with its own controls only.
    measure
        What is compared.
    tolerance
        The loss of accuracy against dense that counts as not worse, as a fraction (0.002 = 0.2 points).

    Raises
    ------
    TombolaError
        If there is no run, or one is given twice.
    """
    if not runs:
        raise TombolaError("there is no run to compare; name run folders")
    paths = [run.path.resolve() for run in runs]
    for i, path in enumerate(paths):
        if path in paths[:i]:
            raise TombolaError(f"{runs[i].path} is given twice; a run cannot be compared with itself")
    members = tuple(make_member(run, label, measure, tolerance) for run, label in zip(runs, labels(runs), strict=True))
    return Comparison(measure, tolerance, members, _all_against(members, measure))


def _all_against(members: Sequence[Member], measure: Measure) -> tuple[Against, ...]:
    first = members[0]
    found = [_against(first, other) for other in members[1:]]
    family = iter(one_family([contrast for each in found for contrast in each[2]]))
    results = []
    for (pairs, matching, contrasts, shared), other in zip(found, members[1:], strict=True):
        adjusted = tuple(next(family) for _ in contrasts)
        noted = measure.is_accuracy and pairs.kind == "paired" and any(c.difference.spread > 0 for c in adjusted)
        power = power_note(adjusted, f"{first.label} minus {other.label}") if noted else ""
        results.append(Against(other.label, pairs, matching, adjusted, tuple(shared), power))
    return tuple(results)


def _against(first: Member, other: Member) -> tuple[Pairing, Matching, list[Contrast], list[int]]:
    pairs, matching = pairing(first.run, other.run), match_levels(first.densities, other.densities)
    contrasts, shared = [], []
    for mine, theirs in matching.pairs if pairs.kind != "apart" else ():
        a, b = first.values(mine, TICKET), other.values(theirs, TICKET)
        if pairs.kind == "paired":
            used = {r: a[r] for r in pairs.replicates if r in a}
            difference = paired_test(used, b)
        else:
            difference = unpaired_test(list(a.values()), list(b.values()))
        if pairs.kind == "paired" and _same_jobs(first.run, mine, other.run, theirs):
            shared.append(mine)
        contrasts.append(Contrast(mine, first.densities[mine], other.label, difference))
    return pairs, matching, contrasts, shared


def _same_jobs(first: Run, mine: int, other: Run, theirs: int) -> bool:
    """Return whether a level's tickets are one and the same training in both runs: equal keys, equal bits."""
    keys = [
        {job.replicate: info.key for job, info in run.jobs.items() if job.level == level and job.control == TICKET}
        for run, level in ((first, mine), (other, theirs))
    ]
    both = keys[0].keys() & keys[1].keys()
    return bool(both) and all(keys[0][r] == keys[1][r] for r in both)
