"""Stimuli: pictures as people in a study meet them."""

import numpy as np

from tombola.errors import TombolaError
from tombola.explain.render.fit import fitted, paste_centred
from tombola.explain.render.legend import legend
from tombola.explain.render.rendered import Image
from tombola.explain.render.scale import scale_named
from tombola.explain.render.text import fitting_size, write_on

TITLES = ("Algorithm 1", "Original Image", "Algorithm 2")
TRIPTYCH = (3750, 1200)
SINGLE = (900, 600)
NEUTRAL = (128, 128, 128)


def triptych(
    left: Image,
    original: Image,
    right: Image,
    predictions: tuple[str, str],
    *,
    titles: tuple[str, str, str] = TITLES,
    size: tuple[int, int] = TRIPTYCH,
    scale: str | None = None,
) -> Image:
    """Return two explanations with the original between them (explainability reference, section 7.2).

    Parameters
    ----------
    left, original, right
        Three pictures of one size; heat maps without their own legends (`overlay`).
    predictions
        What the model on the left and the one on the right predict, as a class name; shown in the heading.
    titles
        Above the pictures.
    size
        Width and height.
    scale
        The colour scale of heat maps, whose legend is then drawn below them.

    Raises
    ------
    TombolaError
        If the predictions differ, the pictures have different sizes, or the size is too small.
    """
    if predictions[0] != predictions[1]:
        raise TombolaError(
            f"the models predict '{predictions[0]}' and '{predictions[1]}'; a triptych needs two that agree"
        )
    panels = (left, original, right)
    if len({panel.shape for panel in panels}) > 1:
        shapes = ", ".join(str(list(panel.shape)) for panel in panels)
        raise TombolaError(f"the three pictures of a triptych are {shapes}; they must have one size")
    width, height = size
    ground = _ground(size, (255, 255, 255))
    heading, title, margin = height // 11, height // 16, max(2, height // 120)
    colours = None if scale is None else legend(width // 6, scale_named(scale))
    below = margin if colours is None else colours.shape[0] + margin
    field = (height - heading - title - below - margin, width // 3 - 2 * margin)
    if min(field) < 16:
        raise TombolaError(f"size = {width}x{height} leaves no room for the pictures; choose a larger one")
    text = f"Both algorithms predict '{predictions[0]}'"
    ground = write_on(
        ground, text, (heading / 2, width / 2), fitting_size(text, width - 4 * margin, int(0.55 * heading))
    )
    large = max(1, int(0.6 * title))
    for number, words in enumerate(titles):
        centre = width * (2 * number + 1) / 6
        ground = write_on(ground, words, (heading + title / 2, centre), fitting_size(words, field[1], large))
    ground = ground.copy()
    for number, panel in enumerate(panels):
        place = (heading + title, number * width // 3 + margin, field)
        paste_centred(ground, fitted(panel, field), *place)
        if colours is not None and number != 1:
            paste_centred(ground, colours, height - below, place[1], (colours.shape[0], field[1]))
    return ground


def single_window(pixels: Image, *, size: tuple[int, int] = SINGLE, ground: tuple[int, int, int] = NEUTRAL) -> Image:
    """Return one explanation alone on a neutral ground: no title, nothing that names a class.

    Parameters
    ----------
    pixels
        The explanation.
    size
        Width and height.
    ground
        Colour around it.

    Raises
    ------
    TombolaError
        If the size is too small.
    """
    field = _ground(size, ground)
    margin = min(size) // 30
    room = (size[1] - 2 * margin, size[0] - 2 * margin)
    paste_centred(field, fitted(pixels, room), margin, margin, room)
    return field


def _ground(size: tuple[int, int], colour: tuple[int, int, int]) -> Image:
    if min(size) < 16:
        raise TombolaError(f"size = {size[0]}x{size[1]} is too small for a picture; take at least 16x16")
    return np.full((size[1], size[0], 3), colour, dtype=np.uint8)
