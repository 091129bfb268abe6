"""What the plots have in common: names, line styles, colours.

Ticket solid, control dotted, dense dashed; the same colour is the same level, or the same run.
"""

from collections.abc import Sequence
from typing import Final

import matplotlib
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.container import ErrorbarContainer

from tombola.errors import TombolaError, nearest
from tombola.specs import ExperimentSpec

TYPES: Final = {
    "train_loss": "Training-Loss",
    "val_loss": "Validation-Loss",
    "val_accuracy": "Validation-Accuracy",
    "test_accuracy": "Test-Accuracy",
}
"""Measures of the records, with the names the plots give them."""

STOP_STEP: Final = "Early-Stopping Iteration"
TICKET_LINE: Final = "-"
CONTROL_LINE: Final = ":"
DENSE_LINE: Final = "--"
TICKET_MARKER: Final = "x"
CONTROL_MARKERS: Final = ("o", "s", "^", "D", "v", "P")
CAP_SIZE: Final = 2.0

RUN_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Okabe and Ito's colours, told apart by colour-blind readers; the strongest first."""

DENSE_COLOUR: Final = "#3a3f4b"
LEVEL_MAP: Final = "plasma"
MAP_END: Final = 0.8
"""The light end of the map is left out: it would vanish on white paper."""


def type_name(measure: str) -> str:
    """Return the plots' name of a measure, or raise one sentence that lists them."""
    if measure not in TYPES:
        raise TombolaError(f"unknown measure '{measure}'{nearest(measure, TYPES)}")
    return TYPES[measure]


def level_colour(level: int, levels: int) -> str:
    """Return the colour of a level as ``#rrggbb``.

    It depends on the level and on how many the run has, never on which of them are drawn, so that a subset keeps its
    colours. Dense is dark grey; pruned levels run from dark blue to orange, ordered also in grey-scale print.

    Parameters
    ----------
    level
        The level, 0 is dense.
    levels
        Pruning rounds of the run.
    """
    if level == 0:
        return DENSE_COLOUR
    position = (level - 1) / max(levels - 1, 1)
    return to_hex(matplotlib.colormaps[LEVEL_MAP](MAP_END * position))


def next_run_colour(axes: Axes) -> str:
    """Return a colour no run on these axes has yet, in a fixed order."""
    drawn = [c.lines[0].get_linestyle() for c in axes.containers if isinstance(c, ErrorbarContainer)]
    return RUN_COLOURS[drawn.count(TICKET_LINE) % len(RUN_COLOURS)]


def chosen_controls(spec: ExperimentSpec, controls: Sequence[str] | None) -> list[str]:
    """Return the controls to draw: all of the run, or the given ones if the run has them."""
    known = list(spec.control_repetitions())
    for name in controls or ():
        if name not in known:
            raise TombolaError(f"the run {spec.name} has no control '{name}'{nearest(name, known)}")
    return known if controls is None else list(controls)


def chosen_levels(spec: ExperimentSpec, levels: Sequence[int] | None) -> list[int]:
    """Return the levels to draw: all of the run, or the given ones if the run has them."""
    last = spec.prune.levels
    for level in levels or ():
        if not 0 <= level <= last:
            raise TombolaError(f"the run {spec.name} has no level {level}; its levels go from 0 to {last}")
    return list(range(last + 1)) if levels is None else list(levels)
