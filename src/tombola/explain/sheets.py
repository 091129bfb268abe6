"""Contact sheets of a run's explanations: networks down, images along, and whether every answer is right."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from jaxtyping import Float

from tombola.explain.exploring import Explained, Exploration
from tombola.explain.normalising import degenerate_maps
from tombola.explain.render import contact_sheet, overlay, renderers
from tombola.explain.render.fit import enlarged, fitted
from tombola.explain.render.rendered import Image
from tombola.explain.render.text import fitting_size, write_on
from tombola.explain.tables import MARK, standing

SIDE: Final = 128
STRIP: Final = 18
COLUMNS: Final = 8
SCALED: Final = {"heatmap": "viridis", "heatmap-jet": "jet"}
"""Renderers whose legend a sheet draws once, with its colours."""
WHITE, WARM, ALARM = (255, 255, 255), (255, 226, 178), (255, 205, 190)
DASH = "\N{EN DASH}"


def sheet(exploration: Exploration, renderer: str = "heatmap", replicate: int | None = None) -> Image:
    """Return the explanations of one replicate: a row per level and control, a column per image.

    Parameters
    ----------
    exploration
        What `explore` found.
    renderer
        Of `tombola.explain.render.renderers`.
    replicate
        Which; by default the first one there is.
    """
    shown, plan = exploration.shown, exploration.plan
    chosen = exploration.explained[0].view.replicate if replicate is None else replicate
    networks = [e for e in exploration.explained if e.view.replicate == chosen and e.view.repetition == 0]
    columns = range(min(COLUMNS, len(shown)))
    rows = [[captioned(fitted(large(shown.raw[i]), (SIDE, SIDE)), "", WHITE) for i in columns]]
    for network in networks:
        drawn = [draw(renderer, shown.raw[i], network.found.maps[i]) for i in columns]
        rows.append([_answered(exploration, network, i, picture) for i, picture in zip(columns, drawn, strict=True)])
    labels = ["image", *(row_label(network) for network in networks)]
    names = [f"{shown.indices[i]}: {shown.classes[int(shown.labels[i])]}" for i in columns]
    made = contact_sheet(rows, labels, names, cell=SIDE + STRIP, scale=SCALED.get(renderer))
    layer = f" of {networks[0].found.layer}" if networks and networks[0].found.layer else ""
    title = f"{plan.method}{layer}, replicate {chosen}, {shown.part} images of {exploration.run}"
    return headed(made, title, standing(exploration.findings))


def draw(renderer: str, image: Image, values: Float[np.ndarray, "y x"]) -> Image:
    """Return an explanation as it stands on a sheet: large enough to be seen, without a legend of its own."""
    if renderer in SCALED:
        return fitted(overlay(large(image), values, SCALED[renderer]), (SIDE, SIDE))
    return fitted(large(renderers[renderer](image, values).pixels), (SIDE, SIDE))


def captioned(pixels: Image, text: str, ground: tuple[int, int, int]) -> Image:
    """Return a picture with a line of text below it."""
    strip = np.full((STRIP, pixels.shape[1], 3), ground, dtype=np.uint8)
    if text:
        size = fitting_size(text, strip.shape[1] - 4, STRIP - 6)
        strip = write_on(strip, text, (STRIP / 2, strip.shape[1] / 2), size)
    return np.concatenate([pixels, strip])


def headed(pixels: Image, title: str, verdict: str) -> Image:
    """Return a sheet with a title, and below it, on a ground of its own, what sanity checks the method failed."""
    lines: Sequence[tuple[str, tuple[int, int, int]]] = [(title, WHITE)]
    if verdict.startswith(MARK):
        lines = [*lines, (warning(verdict), ALARM)]
    strips = []
    for text, ground in lines:
        strip = np.full((28, pixels.shape[1], 3), ground, dtype=np.uint8)
        strips.append(write_on(strip, text, (14, 8), fitting_size(text, strip.shape[1] - 16, 15), "lm"))
    return np.concatenate([*strips, pixels])


def warning(verdict: str) -> str:
    """Return what is to be read before the maps of a method that fails.

    Examples
    --------
    >>> warning("fails: weights at level 5")
    'This method fails: weights at level 5. Do not take its maps there for explanations.'
    """
    there = " there" if all(" at " in name for name in verdict.split(", ")) else ""
    return f"This method {verdict}. Do not take its maps{there} for explanations."


def row_label(network: Explained) -> str:
    """Return what stands beside a row.

    Examples
    --------
    >>> row_label(explained)  # doctest: +SKIP
    'level 2: density 3.13 %, 32×'
    """
    view = network.view
    return f"{view.condition}: density {100 * view.density:.3g} %, {view.compression_rate:.3g}\N{MULTIPLICATION SIGN}"


def answer(exploration: Exploration, network: Explained, number: int) -> str:
    """Return what a network says to an image, and whether it is right.

    Examples
    --------
    >>> answer(exploration, explained, 0)  # doctest: +SKIP
    'wrong: star 0.45'
    """
    found, shown = network.found, exploration.shown
    said, sure = int(found.predicted[number]), f"{found.confidence[number]:.2f}"
    right = said == int(shown.labels[number])
    return f"right {sure}" if right else f"wrong: {shown.classes[said]} {sure}"


def _answered(exploration: Exploration, network: Explained, number: int, pixels: Image) -> Image:
    text = answer(exploration, network, number)
    if degenerate_maps(network.found.maps[number][None])[0]:
        text += " (no map)"
    return captioned(pixels, text, WHITE if text.startswith("right") else WARM)


def large(image: Image) -> Image:
    """Return a small image enlarged by a whole factor."""
    return enlarged(image, max(1, SIDE // max(image.shape[:2])))
