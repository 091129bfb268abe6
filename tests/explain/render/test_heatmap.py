"""Heat maps and what else leaves the image to be seen (explainability reference, sections 6.4 and 6.5)."""

import numpy as np
import pytest
from matplotlib import colormaps

from tombola.errors import TombolaError
from tombola.explain.render import SCALES, blur_fade, contour, heatmap, legend, overlay, scale_named

GREY = np.full((224, 224, 3), 100, dtype=np.uint8)
RAMP = np.tile(np.arange(224.0), (224, 1))


@pytest.mark.parametrize("scale", SCALES)
def test_blend(scale: str) -> None:
    """(1 - a) image + a colour of the map divided by its maximum, squared for jet with a = .3."""
    found = overlay(GREY, RAMP, scale)
    values = RAMP[0] / 223
    name, opacity, power = {"viridis": ("viridis", 0.55, 1), "jet": ("jet", 0.3, 2)}[scale]
    colours = colormaps[name](values.astype(np.float32).astype(np.float64) ** power, bytes=True)[:, :3]
    expected = np.rint((1 - opacity) * 100 + opacity * colours.astype(float))
    assert np.array_equal(found, np.broadcast_to(expected, found.shape))


def test_each_map_is_scaled_by_itself_and_clamped() -> None:
    assert np.array_equal(overlay(GREY, RAMP), overlay(GREY, RAMP * 1000))
    assert np.array_equal(overlay(GREY, -RAMP), overlay(GREY, RAMP * 0))
    peak = np.zeros((7, 7))
    peak[3, 3] = 1
    assert len(np.unique(overlay(GREY, peak), axis=0))  # overshooting values have a colour too


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("width", [20, 50, 224, 500])
def test_the_legend_is_always_there_and_tells_the_colours(scale: str, width: int) -> None:
    """R6: present at any size, from the colour of 0 to that of 1, with words below."""
    image = np.full((width, width, 3), 100, dtype=np.uint8)
    picture = heatmap(image, np.eye(5), scale).pixels
    strip = legend(picture.shape[1], scale_named(scale))
    drawn = picture.shape[1]
    assert np.array_equal(picture[drawn:], strip)
    colours = scale_named(scale)(np.linspace(0, 1, drawn)[None])[0]
    rows = [row for row in strip if np.array_equal(row, colours)]
    assert len(rows) >= 6
    words = strip[len(strip) // 2 :]
    middle = drawn // 2
    for half in (words[:, : middle - drawn // 40], words[:, middle + drawn // 40 :]):
        assert (half.min(axis=2) < 128).sum() > 40  # ink on both sides


def test_the_default_is_perceptually_uniform() -> None:
    assert np.array_equal(heatmap(GREY, RAMP).pixels, heatmap(GREY, RAMP, "viridis").pixels)


def test_unknown_scales() -> None:
    with pytest.raises(TombolaError, match="did you mean 'viridis'"):
        heatmap(GREY, RAMP, "virids")


def test_blur_and_fade_leave_the_window_alone() -> None:
    image = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    picture = blur_fade(image, RAMP, q="0.25")
    assert picture.visible.sum() == 12544
    assert np.array_equal(picture.pixels[picture.visible], image[picture.visible])
    outside = picture.pixels[~picture.visible].astype(float)
    assert outside.mean() == pytest.approx(0.35 * image.mean(), rel=0.02)
    assert outside.std() < 0.2 * image.std()
    assert np.array_equal(blur_fade(image, RAMP, blur=0.0, light=1.0).pixels, image)
    with pytest.raises(TombolaError, match="light from 0 to 1"):
        blur_fade(image, RAMP, light=1.5)


def test_contours_surround_the_window() -> None:
    values = np.zeros((176, 176))
    values[50:60, 80:100] = 1
    image = np.full((176, 176, 3), 77, dtype=np.uint8)
    picture = contour(image, values, q="0.0065")  # 201 pixels: one more than there are
    assert picture.fillers == 1
    white, black = (picture.pixels == 255).all(axis=2), (picture.pixels == 0).all(axis=2)
    assert white.sum() == 2 * 10 + 2 * 18
    assert black.sum() == 2 * 10 + 2 * 20
    assert white[50:60, 80:100].sum() == white.sum()
    assert np.array_equal(picture.visible, ~(white | black))


def test_contours_of_small_images_are_drawn_on_enlarged_ones() -> None:
    image = np.full((8, 8, 3), 77, dtype=np.uint8)
    picture = contour(image, np.eye(8), q="0.125")
    assert picture.pixels.shape == (176, 176, 3)
    assert (picture.pixels == 77).all(axis=2).mean() > 0.8
