"""Plot kinds: whole figures by name, as ``tombola plot`` draws them. Adding one is a function and a registry line."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from PIL import Image

from tombola.errors import TombolaError, nearest
from tombola.plots.choice import as_runs
from tombola.plots.style import PAPER
from tombola.registry import Registry
from tombola.store import Run

PlotKind = Callable[..., None]
"""``kind(figure, runs, *, option=default, …)`` draws on an empty figure and may set its size.

The keyword parameters are the options the kind takes; `OPTIONS` names those the command line offers.
"""

Animation = Callable[..., list[Image.Image]]
"""``animation(runs, *, option=default, …)`` returns frames; filed under the name of the kind it animates."""

plot_kinds: Registry[PlotKind] = Registry("plot kind")
animations: Registry[Animation] = Registry("animation")

OPTIONS = (
    "levels",
    "level",
    "measure",
    "controls",
    "control",
    "first",
    "spread",
    "force_zero",
    "replicate",
    "repetition",
    "state",
    "layer",
    "columns",
)
"""Options by the names kinds give them: `level` and `control` where there can be only one."""


def make_figure(kind: str, runs: Run | Sequence[Run], **options: Any) -> Figure:
    """Return a figure of a registered kind.

    Parameters
    ----------
    kind
        A name in `plot_kinds`.
    runs
        One run or several.
    **options
        What the kind takes.

    Raises
    ------
    TombolaError
        If the kind is unknown, does not take an option, or cannot be drawn of these runs.

    Examples
    --------
    >>> figure = make_figure("stop-accuracy", tombola.open_run("runs/…"))  # doctest: +SKIP
    """
    draw = plot_kinds[kind]
    asked = as_runs(runs)
    refuse_unknown(kind, draw, options)
    with matplotlib.rc_context(PAPER):
        figure = Figure(layout="constrained")
        draw(figure, asked, **options)
    return figure


def make_frames(kind: str, runs: Run | Sequence[Run], **options: Any) -> list[Image.Image]:
    """Return the frames of a kind that can be animated; parameters as in `make_figure`."""
    plot_kinds[kind]
    if kind not in animations:
        raise TombolaError(f"plot kind '{kind}' cannot be animated, only {', '.join(animations)} can")
    refuse_unknown(kind, animations[kind], options)
    with matplotlib.rc_context(PAPER):
        return animations[kind](as_runs(runs), **options)


def options_of(draw: Callable[..., Any]) -> list[str]:
    """Return the names of the options that a kind takes."""
    return [name for name, p in inspect.signature(draw).parameters.items() if p.kind is inspect.Parameter.KEYWORD_ONLY]


def takes_several(draw: Callable[..., Any], option: str) -> bool:
    """Return whether an option's default is a tuple, so that the kind takes several values of it."""
    return isinstance(inspect.signature(draw).parameters[option].default, tuple)


def refuse_unknown(kind: str, draw: Callable[..., Any], options: dict[str, Any]) -> None:
    """Raise one sentence about the first option that a kind does not take."""
    known = options_of(draw)
    for name in options:
        if name not in known:
            raise TombolaError(f"plot kind '{kind}' takes no option '{name}'{nearest(name, known)}")
