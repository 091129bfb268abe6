"""Plot kinds: whole figures by name, and the registry that users add theirs to."""

from tombola.plots.kinds import curves, density, emerging, layers, scores, structure, training
from tombola.plots.kinds.registry import OPTIONS, Animation, PlotKind, animations, make_figure, make_frames, plot_kinds

__all__ = [
    "OPTIONS",
    "Animation",
    "PlotKind",
    "animations",
    "curves",
    "density",
    "emerging",
    "layers",
    "make_figure",
    "make_frames",
    "plot_kinds",
    "scores",
    "structure",
    "training",
]
