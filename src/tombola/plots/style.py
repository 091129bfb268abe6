"""What the plots have in common: names, line styles, colours.

Ticket solid, control dotted, dense dashed; the same colour is the same level, or the same run.
"""

import textwrap
from typing import Any, Final

import matplotlib
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.container import ErrorbarContainer

from tombola.errors import TombolaError, nearest

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
KIND_MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*", "p", "h")
"""Where lines of one colour and one style belong to different runs or controls."""
CAP_SIZE: Final = 2.0
GRID: Final[dict[str, Any]] = {"linewidth": 0.6, "alpha": 0.35}

PAPER: Final[dict[Any, Any]] = {
    "svg.hashsalt": "tombola",  # the same run gives the same bytes
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "image.composite_image": False,  # one picture per kernel, so that an editor can take them apart
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
    "figure.titlesize": "medium",
    "legend.frameon": False,
    "legend.fontsize": "small",
    "legend.title_fontsize": "small",
}
"""Settings of matplotlib for figures that `tombola plot` makes."""

RUN_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Okabe and Ito's colours, told apart by colour-blind readers; the strongest first."""

SOFT_INK: Final = "#565d69"
LETTERS: Final = 44
"""Per line of a statement."""

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


def pin_zero(axes: Axes) -> None:
    """Let the y axis begin at 0 and reach as far as everything drawn so far; may be called again after more drawing."""
    axes.autoscale(True, axis="y")
    axes.autoscale_view(scalex=False)
    axes.set_ylim(bottom=0)


def legend_entries(axes: Axes) -> tuple[list[Any], list[str]]:
    """Return handles and labels in drawing order, lines with error bars before plain ones."""
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(handles)), key=lambda i: not isinstance(handles[i], ErrorbarContainer))
    return [handles[i] for i in order], [labels[i] for i in order]


def say(axes: Axes, text: str, width: int = LETTERS) -> None:
    """Write a statement into the middle of axes that hold nothing else, and take their idle ticks away."""
    wrapped = textwrap.fill(text, width, break_on_hyphens=False)
    axes.text(0.5, 0.5, wrapped, transform=axes.transAxes, ha="center", va="center", color=SOFT_INK)
    # axes that share a scale with others keep it
    if axes.get_xscale() == "linear" and len(axes.get_shared_x_axes().get_siblings(axes)) == 1:
        axes.set_xticks([])
    if len(axes.get_shared_y_axes().get_siblings(axes)) == 1:
        axes.set_yticks([])
