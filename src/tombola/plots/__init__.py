"""Plots: matplotlib functions that draw a run on given axes; they neither show nor save."""

from tombola.plots.curves import curve, learning_curves, thin
from tombola.plots.density import density_axis
from tombola.plots.stop import accuracy_at_early_stop, early_stop_step
from tombola.plots.style import TYPES, level_colour

__all__ = [
    "TYPES",
    "accuracy_at_early_stop",
    "curve",
    "density_axis",
    "early_stop_step",
    "learning_curves",
    "level_colour",
    "thin",
]
