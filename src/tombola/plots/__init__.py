"""Plots: matplotlib functions that draw on given axes or figures; they neither show nor save.

Functions that take axes are to be combined; `plot_kinds` holds whole figures by name, which `make_figure` makes and
`save_figure` writes.
"""

from tombola.plots.animation import emerging_frames, encode_animation
from tombola.plots.curves import curve, learning_curves, thin
from tombola.plots.density import density_axis
from tombola.plots.emergence import emergence
from tombola.plots.emerging import draw_emerging
from tombola.plots.heatmap import density_heatmap, layer_densities
from tombola.plots.kernels import draw_kernels
from tombola.plots.kinds import animations, make_figure, make_frames, plot_kinds
from tombola.plots.losses import loss_curves
from tombola.plots.matrices import draw_matrices
from tombola.plots.numbers import step_axis, stop_records, stop_steps, stop_values
from tombola.plots.saving import encode_figure, save_figure
from tombola.plots.seen_pixels import pixel_counts
from tombola.plots.stop import accuracy_at_early_stop, early_stop_step, final_accuracy
from tombola.plots.style import TYPES, level_colour
from tombola.plots.survivors import survivor_histogram
from tombola.plots.weight_colours import weight_norm
from tombola.plots.weights import Weights, layer_weights, stored_weights

__all__ = [
    "TYPES",
    "Weights",
    "accuracy_at_early_stop",
    "animations",
    "curve",
    "density_axis",
    "density_heatmap",
    "draw_emerging",
    "draw_kernels",
    "draw_matrices",
    "early_stop_step",
    "emergence",
    "emerging_frames",
    "encode_animation",
    "encode_figure",
    "final_accuracy",
    "layer_densities",
    "layer_weights",
    "learning_curves",
    "level_colour",
    "loss_curves",
    "make_figure",
    "make_frames",
    "pixel_counts",
    "plot_kinds",
    "save_figure",
    "step_axis",
    "stop_records",
    "stop_steps",
    "stop_values",
    "stored_weights",
    "survivor_histogram",
    "thin",
    "weight_norm",
]
