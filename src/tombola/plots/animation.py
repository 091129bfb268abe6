"""The "ticket emerging" figure as an animation: one frame per level."""

import io
import math
from typing import Final

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from tombola.errors import TombolaError
from tombola.plots.density import density_axis
from tombola.plots.emergence import Emergence
from tombola.plots.emerging import draw_stage
from tombola.plots.style import RUN_COLOURS, TICKET_MARKER

DPI = 110
MILLISECONDS = 900
LAST = 3
"""The last frame stands so many times as long."""
ANIMATED: Final = ("gif", "webp")


def emerging_frames(shown: Emergence, *, title: str = "", dpi: int = DPI) -> list[Image.Image]:
    """Return a picture per level: the layer, and below it where the level stands in accuracy against density.

    Raises
    ------
    TombolaError
        If there is no level to show.
    """
    if not shown.stages:
        raise TombolaError(f"there is nothing to animate: {shown.caption}")
    densities, accuracies = (
        np.array([getattr(stage, name) for stage in shown.stages]) for name in ("density", "accuracy")
    )
    ticks = max(3, math.ceil(-math.log2(max(np.nanmin(densities), 1e-9))) + 1)
    frames = []
    for number, stage in enumerate(shown.stages):
        figure = Figure(figsize=(5.2, 6.6), dpi=dpi, layout="constrained")
        if title:
            figure.suptitle(title)
        picture, track = figure.subplots(2, 1, height_ratios=(3, 1))
        draw_stage(picture, stage)
        track.plot(densities, accuracies, color="#b9bec7", marker=TICKET_MARKER)
        track.plot(densities[number], accuracies[number], "o", color=RUN_COLOURS[1], markersize=8)
        density_axis(track, ticks)
        track.tick_params(labelsize=8)
        track.set_ylabel("Test-Accuracy")
        canvas = FigureCanvasAgg(figure)
        canvas.draw()  # type: ignore[no-untyped-call]
        pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
        frames.append(Image.fromarray(pixels).convert("RGB"))
    return frames


def encode_animation(frames: list[Image.Image], form: str, *, milliseconds: int = MILLISECONDS) -> bytes:
    """Return frames as a GIF or WebP that repeats for ever.

    Raises
    ------
    TombolaError
        If the format is neither, or cannot be written here.
    """
    if form not in ANIMATED:
        raise TombolaError(f"an animation is a {' or a '.join(ANIMATED)} file, not {form}")
    durations = [milliseconds] * (len(frames) - 1) + [LAST * milliseconds]
    if form == "gif":  # one palette for all frames, else colours flicker
        strip = Image.new("RGB", (frames[0].width, frames[0].height * len(frames)))
        for number, frame in enumerate(frames):
            strip.paste(frame, (0, number * frame.height))
        palette = strip.quantize(255)
        frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    buffer = io.BytesIO()
    try:
        frames[0].save(
            buffer, form.upper(), save_all=True, append_images=frames[1:], duration=durations, loop=0,
            **({"lossless": True} if form == "webp" else {"optimize": False}),
        )  # fmt: skip
    except (KeyError, OSError) as error:
        raise TombolaError(f"this Pillow cannot write {form} ({error}); choose another format") from error
    return buffer.getvalue()
