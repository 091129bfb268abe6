"""Which pixels are shown (explainability reference, sections 6.1 to 6.3; defects B11, B12)."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from tombola.errors import TombolaError
from tombola.explain.render import pixel_count, top_pixels, upsample, window, windows

IMAGE = np.random.default_rng(0).integers(1, 256, (224, 224, 3), dtype=np.uint8)


def test_upsampling_anchor() -> None:
    """Section 6.1: a single 1 in the middle of 7 x 7 cells, brought to 224 x 224 pixels."""
    values = np.zeros((7, 7))
    values[3, 3] = 1
    large = upsample(values, (224, 224))
    assert round(float(large.max()), 5) == 0.99879
    assert round(float(large.min()), 5) == -0.07402
    assert large.sum(dtype=np.float64) == pytest.approx(1024, abs=1e-4)


@pytest.mark.parametrize("kernel", ["bicubic", "bilinear", "nearest"])
def test_upsampling_is_by_formula(kernel: str) -> None:
    """Kernels written out: a = -0.5, half-pixel centres, weights renormalised at the border."""

    def weight(x: np.ndarray) -> np.ndarray:
        x = np.abs(x)
        if kernel == "bilinear":
            return np.clip(1 - x, 0, None)
        near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
        return np.where(x < 1, near, np.where(x < 2, far, 0.0))

    def matrix(target: int, source: int) -> np.ndarray:
        centres = (np.arange(target) + 0.5) * source / target
        if kernel == "nearest":
            return np.eye(source)[np.floor(centres).astype(int)]
        weights = weight(centres[:, None] - (np.arange(source) + 0.5))
        return weights / weights.sum(axis=1, keepdims=True)

    values = np.random.default_rng(1).normal(size=(5, 7))
    expected = matrix(33, 5) @ values @ matrix(20, 7).T
    np.testing.assert_allclose(upsample(values, (33, 20), kernel), expected, atol=1e-5)


def test_constant_maps_stay_constant_at_the_border() -> None:
    np.testing.assert_allclose(upsample(np.full((3, 3), 5.0), (40, 50)), 5.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("q", "pixels", "count", "expected"),
    [
        ("0.1", 224 * 224, "floor", 5017),
        ("0.1", 224 * 224, "ceil", 5018),
        ("0.1", 224 * 224, "round", 5018),
        ("0.29", 100, "floor", 29),
        (0.29, 100, "floor", 29),
        (1, 100, "floor", 100),
        ("0.5", 3, "round", 2),
        ("1e-3", 100, "floor", 0),
    ],
)
def test_counts(q: str | float, pixels: int, count: str, expected: int) -> None:
    """Section 6.2: shares are exact decimals; int(0.29 * 100) would be 28."""
    assert pixel_count(q, pixels, count) == expected


@given(st.decimals("0.001", "1", places=3), st.integers(1, 10**6))
def test_counts_are_exact(q: object, pixels: int) -> None:
    exact = Fraction(str(q)) * pixels
    assert 0 <= exact - pixel_count(str(q), pixels) < 1
    assert 0 <= pixel_count(str(q), pixels, "ceil") - exact < 1


@pytest.mark.parametrize("q", ["0", "-0.1", "1.01", "ten", "nan", "inf"])
def test_shares_are_checked(q: str) -> None:
    with pytest.raises(TombolaError, match=f"q = '{q}'"):
        window(IMAGE, np.eye(3), q=q)


def test_ties_go_by_row_and_column() -> None:
    """Section 6.2: the anchor."""
    values = np.array([[0.2, 0.9, 0.9], [0.9, 0.1, 0.4], [0.9, 0.9, 0.0]])
    chosen = top_pixels(values, (3, 3), "0.34")[0]
    assert np.argwhere(chosen.visible).tolist() == [[0, 1], [0, 2], [1, 0]]


@given(st.integers(0, 10**6), st.integers(2, 9), st.integers(2, 9), st.sampled_from(["0.1", "0.37", "0.9", "1"]))
def test_order_is_that_of_sorting_triples(seed: int, height: int, width: int, q: str) -> None:
    values = np.random.default_rng(seed).integers(-1, 3, (height, width)).astype(float)
    wanted = pixel_count(q, height * width)
    order = sorted((-values[i, j], i, j) for i in range(height) for j in range(width))
    filled = top_pixels(values, (height, width), q, on_short="fill")[0]
    shrunk = top_pixels(values, (height, width), q)[0]
    if values.min() == values.max():
        assert filled.degenerate
        assert not filled.visible.any()
        return
    assert {tuple(place) for place in np.argwhere(filled.visible)} == {(i, j) for _, i, j in order[:wanted]}
    positive = [(i, j) for value, i, j in order[:wanted] if value < 0]
    assert {tuple(place) for place in np.argwhere(shrunk.visible)} == set(positive)
    assert filled.fillers == shrunk.fillers == wanted - min(wanted, int((values > 0).sum()))


def test_exactly_the_pixels_asked_for_are_shown() -> None:
    """Defect B11: 5,017 visible at 224 x 224, and each has the bytes of the source."""
    picture = window(IMAGE, np.random.default_rng(2).random((7, 7)))
    assert picture.visible.sum() == 5017
    assert (picture.pixels[picture.visible] == IMAGE[picture.visible]).all()
    assert (picture.pixels[~picture.visible] == 0).all()
    assert window(IMAGE, np.random.default_rng(2).random((7, 7)), count="ceil").visible.sum() == 5018
    assert (picture.fillers, picture.degenerate) == (0, False)


def test_several_shares_are_nested_and_the_same_as_alone() -> None:
    values = np.random.default_rng(3).random((7, 7))
    few, many = windows(IMAGE, values, ["0.05", "0.4"])
    assert (few.visible <= many.visible).all()
    assert np.array_equal(few.pixels, window(IMAGE, values, q="0.05").pixels)
    assert np.array_equal(many.visible, window(IMAGE, values, q="0.4").visible)


def test_short_maps() -> None:
    """Section 6.3: fewer positive pixels than asked for."""
    values = np.zeros((10, 10))
    values[4, 4:7] = (0.5, 1.0, 0.25)
    image = IMAGE[:10, :10]
    shrunk, filled = window(image, values), window(image, values, on_short="fill")
    assert np.argwhere(shrunk.visible).tolist() == [[4, 4], [4, 5], [4, 6]]
    assert np.argwhere(filled.visible).tolist() == [[0, j] for j in range(7)] + [[4, 4], [4, 5], [4, 6]]
    assert shrunk.fillers == filled.fillers == 7
    assert not shrunk.degenerate
    with pytest.raises(TombolaError, match="on_short = 'pad'"):
        window(image, values, on_short="pad")


@pytest.mark.parametrize("value", [0.0, 1.0, -2.0, 1e-30, 0.1])
@pytest.mark.parametrize("on_short", ["shrink", "fill"])
def test_constant_maps_show_nothing(value: float, on_short: str) -> None:
    """Defect B12; and upsampling, which makes differences of rounding, does not hide it."""
    picture = window(IMAGE, np.full((7, 7), value), on_short=on_short)
    assert picture.degenerate
    assert not picture.visible.any()
    assert not picture.pixels.any()


def test_maps_without_positive_values_show_nothing_unless_filled() -> None:
    """The bicubic kernel overshoots to positive values; they mean nothing."""
    values = -np.arange(49.0).reshape(7, 7)
    assert upsample(values, (224, 224)).max() > 0
    assert window(IMAGE, values).degenerate
    assert not window(IMAGE, values).visible.any()
    assert window(IMAGE, values, on_short="fill").visible.sum() == 5017


def test_pillow_is_left_as_it_is() -> None:
    """What is read by Pillow's kernel is float32; nothing depends on the type the map came in."""
    values = np.random.default_rng(5).random((7, 7)).astype(np.float32)
    direct = np.asarray(Pillow.fromarray(values).resize((224, 224), Pillow.Resampling.BICUBIC))
    assert np.array_equal(upsample(values, (224, 224)), direct)
    assert np.array_equal(upsample(values.astype(np.float64), (224, 224)), direct)
