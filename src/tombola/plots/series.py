"""The lines of a learning-curve plot: which there are, and how each is drawn and named."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer

from tombola.plots.choice import known_densities, run_labels, shared_choice
from tombola.plots.style import CONTROL_LINE, DENSE_LINE, KIND_MARKERS, TICKET_LINE, level_colour
from tombola.store import Run
from tombola.store.folder import TICKET


@dataclass(frozen=True)
class Series:
    """One line: one level of one run, of the ticket or of one control.

    Attributes
    ----------
    run, level, control
        What is drawn; control ``"none"`` is the ticket itself.
    density
        Mean over replicates; NaN where nothing of the level is done.
    label
        Name in the legend: the density, and what else is needed to tell lines apart.
    colour
        The level's.
    line
        Line style: dense dashed, ticket solid, control dotted.
    marker
        Empty unless runs or controls share a line style.
    order
        Of the control among the run's, from 1; 0 is the ticket. Markers of neighbours stand apart by it.
    """

    run: Run
    level: int
    control: str
    density: float
    label: str
    colour: str
    line: str
    marker: str
    order: int


def series_of(
    runs: Sequence[Run],
    levels: Sequence[int] | None,
    controls: Sequence[str] | None,
    *,
    axes: Axes | None = None,
    depth: int | None = None,
) -> list[Series]:
    """Return the lines to draw, in drawing order.

    Parameters
    ----------
    runs
        One or several; several are told apart by name and marker.
    levels, controls
        Which to draw, by default all.
    axes
        What is drawn there already keeps its names and markers to itself.
    depth
        Number of levels that colours are spread over, by default the deepest run's.
    """
    chosen = shared_choice(runs, levels, controls)
    taken = [c for c in axes.containers if isinstance(c, ErrorbarContainer)] if axes else []
    names = {str(container.get_label()) for container in taken}
    deepest = max(run.spec.prune.levels for run in runs) if depth is None else depth
    densities = [known_densities(run) for run in runs]
    plain = {
        (i, level, control): density_text(density, level) + ("" if control == TICKET else f" {control}")
        for i, run in enumerate(runs)
        for level, density in enumerate(densities[i])
        for control in (TICKET, *(chosen[i][1] if level else ()))
        if level in chosen[i][0]
    }
    several = len(runs) > 1 or bool(names & set(plain.values()))
    prefix = [f"{label} " if several else "" for label in run_labels(runs)]
    markers = _markers(chosen, {str(container.lines[0].get_marker()) for container in taken}, fresh=not taken)
    return [
        Series(
            run=runs[i],
            level=level,
            control=control,
            density=densities[i][level],
            label=f"{prefix[i]}{text}",
            colour=level_colour(level, deepest),
            line=DENSE_LINE if level == 0 else TICKET_LINE if control == TICKET else CONTROL_LINE,
            marker=markers[i, control],
            order=(TICKET, *chosen[i][1]).index(control),
        )
        for (i, level, control), text in plain.items()
    ]


def density_text(density: float, level: int) -> str:
    """Return a level as legends name it: its density with four decimals, its number where nothing of it is done.

    Examples
    --------
    >>> density_text(0.80038, 1), density_text(float("nan"), 2)
    ('0.8004', 'level 2')
    """
    return f"{density:.4f}" if density > 0 else f"level {level}"


def _markers(
    chosen: Sequence[tuple[list[int], list[str]]], used: set[str], *, fresh: bool
) -> dict[tuple[int, str], str]:
    """Return a marker for every ticket but the first and, where there are several, for every control."""
    free = iter([marker for marker in KIND_MARKERS if marker not in used] * 8)
    controls = [(i, name) for i, (_, names) in enumerate(chosen) for name in names]
    found = {(i, TICKET): "" if i == 0 and fresh else next(free) for i in range(len(chosen))}
    return found | {kind: next(free) if len(controls) > 1 or not fresh else "" for kind in controls}
