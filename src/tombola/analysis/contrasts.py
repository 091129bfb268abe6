"""Every paired comparison inside a run: the ticket against dense, and against each control, level by level."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tombola.analysis.measures import ACCURACY, Measure, Values
from tombola.analysis.paired import Difference, adjust, paired_test
from tombola.analysis.summary import level_densities
from tombola.store import Run
from tombola.store.folder import TICKET

DENSE = "dense"


@dataclass(frozen=True)
class Contrast:
    """The ticket of one level minus something else, paired over replicates.

    Attributes
    ----------
    level, density
        Which ticket; the density is NaN where no job of the level is done.
    other
        What is subtracted: ``"dense"``, a control's name, or another run's label.
    difference
        The difference with interval, p-value and Holm-adjusted p-value.
    """

    level: int
    density: float
    other: str
    difference: Difference


def against_dense(run: Run, measure: Measure = ACCURACY) -> list[Contrast]:
    """Return ticket minus dense for every pruned level; the levels are one family of tests."""
    values, densities = Values(run.early_stop_table(), measure), level_densities(run)
    dense = values(0, TICKET)
    return one_family(
        [
            Contrast(level, density, DENSE, paired_test(values(level, TICKET), dense))
            for level, density in enumerate(densities)
            if level > 0
        ]
    )


def against_controls(run: Run, measure: Measure = ACCURACY) -> list[Contrast]:
    """Return ticket minus control for every pruned level and control; all of them are one family of tests.

    So the adjusted p-values may be read in any order: the chance that even one of them falsely says "different" is 5 %.
    Level by level, controls in the spec's order.
    """
    values, densities = Values(run.early_stop_table(), measure), level_densities(run)
    return one_family(
        [
            Contrast(level, density, control, paired_test(values(level, TICKET), values(level, control)))
            for level, density in enumerate(densities)
            if level > 0
            for control in run.spec.control_repetitions()
        ]
    )


def one_family(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """Return the contrasts with p-values adjusted for all of them together."""
    adjusted = adjust([contrast.difference for contrast in contrasts])
    return [replace(contrast, difference=found) for contrast, found in zip(contrasts, adjusted, strict=True)]


def family_size(contrasts: Sequence[Contrast]) -> int:
    """Return how many tests the family has: contrasts with a p-value."""
    return sum(contrast.difference.tested for contrast in contrasts)
