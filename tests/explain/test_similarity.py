"""How alike two maps are, against other people's formulas and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from tombola.errors import TombolaError
from tombola.explain.similarity import l1, spearman, ssim, top_cells, top_iou


def maps(seed: int, side: int = 9, count: int = 4) -> np.ndarray:
    return np.round(np.random.default_rng(seed).gamma(0.5, size=(count, side, side)), 1) + 0.0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([1, 2, 5, 7, 14]), st.floats(1e-3, 1e3))
def test_a_map_is_like_itself_at_any_scale_and_comparison_has_no_order(seed: int, side: int, factor: float) -> None:
    a, b = maps(seed, side) + np.eye(side), maps(seed + 1, side) + np.eye(side)[::-1]
    np.testing.assert_allclose(l1(a, factor * a), 0, atol=1e-9)
    np.testing.assert_allclose(ssim(a, factor * a), 1)
    np.testing.assert_allclose(top_iou(a, a), 1)
    for compare in (l1, spearman, ssim, top_iou):
        np.testing.assert_allclose(compare(a, b), compare(b, a), atol=1e-12)
    if side > 2:
        np.testing.assert_allclose(spearman(a, factor * a), 1)


def test_spearman_is_scipys() -> None:
    a, b = maps(1), maps(2)
    expected = [spearmanr(x.ravel(), y.ravel()).statistic for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(spearman(a, b), expected, atol=1e-12)
    assert np.isnan(spearman(a, np.ones_like(a))).all()


def test_l1_is_the_mean_over_cells_of_maps_divided_by_their_own_maximum() -> None:
    a, b = np.array([[[0.0, 4], [2, 0]]]), np.array([[[1.0, 0], [0, 0]]])
    assert l1(a, b) == pytest.approx((1 + 1 + 0.5 + 0) / 4)
    # each by itself: a second pair does not matter
    assert l1(np.concatenate([a, 100 * a]), np.concatenate([b, b]))[0] == pytest.approx(l1(a, b)[0])


def test_ssim_by_its_formula_in_one_window() -> None:
    """7x7 maps have exactly one window, over which formula 13 of Wang et al. (2004) is evaluated directly."""
    a, b = (maps(seed, 7, 1) for seed in (3, 4))
    x, y = a / a.max(), b / b.max()
    both = ((x - x.mean()) * (y - y.mean())).mean()
    light = (2 * x.mean() * y.mean() + 1e-4) / (x.mean() ** 2 + y.mean() ** 2 + 1e-4)
    contrast = (2 * both + 9e-4) / (x.var() + y.var() + 9e-4)
    assert ssim(a, b) == pytest.approx(light * contrast)
    larger = ssim(maps(5, 14), maps(6, 14))
    assert ((larger > -1) & (larger < 1)).all()
    constant = np.ones((1, 7, 7))
    assert ssim(constant, constant) == pytest.approx(1)


def test_the_top_tenth() -> None:
    a = np.arange(100.0).reshape(1, 10, 10)
    assert top_cells(a)[0, 9].all()
    assert top_cells(a).sum() == 10
    b = a.copy()
    b[0, 9, :5] = 0
    assert top_iou(a, b) == pytest.approx(5 / 15)
    few = np.zeros((1, 10, 10))
    few[0, 0, 0] = 1
    assert top_cells(few).sum() == 1  # cells of no importance are not taken
    none = np.zeros((1, 10, 10))
    assert (top_iou(none, none), top_iou(a, none)) == (1, 0)


def test_maps_of_different_sizes_are_not_compared() -> None:
    with pytest.raises(TombolaError, match="cannot be compared"):
        l1(maps(1, 7), maps(1, 9))
