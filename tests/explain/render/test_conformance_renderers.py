"""What every registered renderer must be and do (explainability reference, section 6)."""

import sys

import numpy as np
import pytest

from tombola.errors import TombolaError
from tombola.explain.render import encode_png, renderers

SIZES = [(8, 8), (28, 28), (32, 48), (224, 224), (5, 300)]
VALUES = np.random.default_rng(4).random((7, 7)).astype(np.float32)


def image(size: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(0).integers(1, 256, (*size, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", renderers)
def test_pictures_are_pixels(name: str, size: tuple[int, int]) -> None:
    source = image(size)
    kept, values = source.copy(), VALUES.copy()
    found = renderers[name](source, values)
    assert found.pixels.dtype == np.uint8
    assert found.pixels.ndim == 3
    assert found.pixels.shape[2] == 3
    assert found.visible.shape == size
    assert found.visible.dtype == bool
    assert not found.degenerate
    if found.pixels.shape[:2] == size:
        assert np.array_equal(found.pixels[found.visible], source[found.visible])
    again = renderers[name](source, values.astype(np.float64))
    assert np.array_equal(found.pixels, again.pixels)
    assert np.array_equal(source, kept)
    assert np.array_equal(values, VALUES)
    assert encode_png(found.pixels) == encode_png(again.pixels)


@pytest.mark.parametrize("values", [np.zeros((7, 7)), np.ones((4, 4)), np.zeros((1, 1))])
@pytest.mark.parametrize("name", renderers)
def test_maps_that_say_nothing_are_marked(name: str, values: np.ndarray) -> None:
    """Section 6.3, defect B12."""
    found = renderers[name](image((32, 32)), values)
    assert found.degenerate


@pytest.mark.parametrize("name", renderers)
def test_mistakes_are_one_sentence(name: str) -> None:
    """Defect B13: an image in [0, 1], or in a tensor's order, is refused rather than drawn wrongly."""
    source = image((16, 16))
    for wrong in (source / 255.0, source.transpose(2, 0, 1), source[:, :, 0], source.astype(np.int64)):
        with pytest.raises(TombolaError, match=r"uint8 \(height, width, 3\) is needed"):
            renderers[name](wrong, VALUES)
    with pytest.raises(TombolaError, match="a matrix"):
        renderers[name](source, VALUES[None])
    broken = VALUES.copy()
    broken[0, 0] = np.nan
    with pytest.raises(TombolaError, match="not finite"):
        renderers[name](source, broken)
    with pytest.raises(TombolaError, match="kernel = 'lanczos'"):
        renderers[name](source, VALUES, kernel="lanczos")


def test_no_figure_is_made() -> None:
    """Defect B10: nothing piles up on figures, because there are none."""
    before = set(sys.modules)
    for name in renderers:
        renderers[name](image((32, 32)), VALUES)
    assert not {module for module in set(sys.modules) - before if module.startswith("matplotlib.pyplot")}
