"""Intervals over replicates and images."""

import numpy as np
import pytest

from tombola.explain.intervals import two_level


def test_mean_and_missing_values() -> None:
    assert two_level(np.array([[1.0, 2.0], [3.0, np.nan]]))[::3] == (2.0, 3)
    nothing = two_level(np.full((2, 3), np.nan))
    assert nothing.n == 0
    assert np.isnan(nothing.mean)
    lonely = two_level(np.array([[1.0], [2.0]]))
    assert (lonely.mean, lonely.n) == (1.5, 2)
    assert np.isnan(lonely.low)


def test_both_levels_widen_it() -> None:
    """Values that differ between replicates or images alone have the spread of those."""
    draws = np.random.default_rng(1)
    images, replicates = draws.normal(size=40), draws.normal(size=8)
    of_images = two_level(np.tile(images, (8, 1)))
    assert of_images.high - of_images.low == pytest.approx(2 * 1.96 * images.std() / np.sqrt(40), rel=0.1)
    of_replicates = two_level(np.tile(replicates[:, None], (1, 40)))
    assert of_replicates.high - of_replicates.low == pytest.approx(2 * 1.96 * replicates.std() / np.sqrt(8), rel=0.12)
    both = two_level(images + replicates[:, None])
    widths = [found.high - found.low for found in (of_images, of_replicates)]
    assert both.high - both.low == pytest.approx(np.hypot(*widths), rel=0.12)


def test_it_is_the_same_twice_and_holds_the_mean() -> None:
    values = np.random.default_rng(3).random((3, 20))
    found = two_level(values)
    assert found == two_level(values.copy())
    assert found.low < found.mean < found.high
    assert two_level(np.ones((3, 5)))[:3] == (1, 1, 1)
