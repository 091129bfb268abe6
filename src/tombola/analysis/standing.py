"""How each pruned level stands against dense and against a control: the facts a verdict rests on."""

from dataclasses import dataclass

from tombola.analysis.intervals import Interval
from tombola.analysis.summary import Row, summarise
from tombola.store import Run
from tombola.store.folder import TICKET

MARGIN = 0.002
"""Loss of test accuracy against dense that still counts as "not worse": 0.2 percentage points."""

MIN_REPLICATES = 3
"""Below three pairs Student's interval is so wide, and one lucky pair so heavy, that no claim is made."""

PREFERRED_CONTROL = "reinit"

ROUNDING = 1e-12
"""Accuracies are counts over counts: a loss of exactly the margin must not fail by the last bit of a float."""


@dataclass(frozen=True)
class Standing:
    """One pruned level against dense and against the control; test accuracy at early stop, paired over replicates.

    Attributes
    ----------
    level, density
        Which level.
    minus_dense
        Ticket minus dense.
    minus_control
        Ticket minus control; n = 0 where there is no such pair.
    steps_minus_dense
        The same difference of early-stop steps; negative means that the ticket stops earlier.
    margin
        The loss that still counts as not worse.
    """

    level: int
    density: float
    minus_dense: Interval
    minus_control: Interval
    steps_minus_dense: Interval
    margin: float = MARGIN

    @property
    def counts(self) -> bool:
        """Whether enough pairs exist for a claim about dense."""
        return self.minus_dense.n >= MIN_REPLICATES

    @property
    def keeps_up(self) -> bool:
        """Whether the ticket is, on average, not worse than dense by more than the margin."""
        return self.minus_dense.mean >= -self.margin - ROUNDING

    @property
    def surely_keeps_up(self) -> bool:
        """Whether the whole interval lies above minus the margin (non-inferiority)."""
        return self.counts and not self.minus_dense.equal and self.minus_dense.low >= -self.margin - ROUNDING

    @property
    def surely_worse(self) -> bool:
        """Whether the whole interval lies below zero and its mean is lower than the margin allows."""
        return self.counts and self.minus_dense.excludes_zero and not self.keeps_up

    @property
    def surely_above_control(self) -> bool:
        """Whether the whole interval of ticket minus control lies above zero."""
        enough = self.minus_control.n >= MIN_REPLICATES
        return enough and self.minus_control.excludes_zero and self.minus_control.mean > 0


def reference_control(run: Run) -> str | None:
    """Return the control a verdict compares with: ``reinit`` where the run has it, else its first one, else None."""
    names = list(run.spec.control_repetitions())
    return PREFERRED_CONTROL if PREFERRED_CONTROL in names else next(iter(names), None)


def standings(run: Run, control: str | None = None, margin: float = MARGIN) -> list[Standing]:
    """Return how every level above 0 stands against dense and against a control.

    Parameters
    ----------
    run
        An opened run, finished or not.
    control
        The control to compare with; the run's reference control by default.
    margin
        Loss against dense that still counts as not worse, as a fraction (0.002 = 0.2 points).
    """
    rows = summarise(run)
    wanted = control or reference_control(run)
    others = {row.level: row for row in rows if row.control == wanted}
    return [_standing(row, others.get(row.level), margin) for row in rows if row.control == TICKET and row.level > 0]


def _standing(ticket: Row, control: Row | None, margin: float) -> Standing:
    nothing = Interval(float("nan"), float("nan"), float("nan"), 0)
    contrast = control.accuracy.ticket_minus if control else nothing
    return Standing(
        ticket.level, ticket.density, ticket.accuracy.minus_dense, contrast, ticket.step.minus_dense, margin=margin
    )
