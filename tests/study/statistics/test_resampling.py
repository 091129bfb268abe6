"""Bootstraps by image, worker and both (reference: explainability 11.3)."""

import numpy as np
import pandas as pd
import pytest

from tombola.errors import TombolaError
from tombola.study.statistics import bootstrap_difference, bootstrap_mean, decisive, pairs_of
from tombola.study.statistics.bootstrap import draw_means, resamples


@pytest.mark.data
def test_the_published_pair(pairwise: pd.DataFrame) -> None:
    """First pair by image [.512, .588] to 0.003; both is wider than either."""
    votes = decisive(pairwise, pairs_of(pairwise)[0])
    found = {by: bootstrap_mean(votes.y, votes.worker, votes.image, by=by) for by in ("image", "worker", "both")}
    assert found["image"].low == pytest.approx(0.512, abs=0.003)
    assert found["image"].high == pytest.approx(0.588, abs=0.003)
    widths = {by: each.high - each.low for by, each in found.items()}
    assert widths["both"] > max(widths["image"], widths["worker"])


def test_equal_seeds_equal_intervals_however_much_is_held_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    y, worker, image = np.arange(60) % 3 == 0, np.arange(60) // 6, np.arange(60) % 6
    first = bootstrap_mean(y, worker, image, by="both", seed=4)
    monkeypatch.setattr("tombola.study.statistics.bootstrap.CHUNK", 100)
    assert bootstrap_mean(y, worker, image, by="both", seed=4) == first
    assert bootstrap_mean(y, worker, image, by="both", seed=5) != first


def test_weights_of_both_are_products() -> None:
    """Against the definition, answer by answer."""
    rng = np.random.default_rng(0)
    worker, image, y = rng.integers(5, size=30), rng.integers(7, size=30), rng.random(30)
    found = draw_means(y, worker, image, by="both", draws=20, seed=9)
    w, i = (np.concatenate(list(resamples(size, 20, 9, stream, 7))) for size, stream in ((5, 1), (7, 2)))
    weights = w[:, worker] * i[:, image]
    assert found == pytest.approx((weights * y).sum(1) / weights.sum(1))
    assert (w.sum(1) == 5).all()


def test_spread_is_that_of_the_mean() -> None:
    y = np.random.default_rng(1).integers(2, size=400)
    own = np.arange(400)
    assert bootstrap_mean(y, own, own).se == pytest.approx(y.std() / 20, rel=0.05)


def test_a_difference_draws_images_once_for_both_arms() -> None:
    """Arms that agree on every image never differ, whichever images are drawn."""
    image = np.tile(np.arange(20), 2)
    y, first = np.tile(np.arange(20) % 2, 2), np.arange(40) < 20
    found = bootstrap_difference(y, first, np.arange(40), image, by="image")
    assert (found.low, found.high, found.se) == (0, 0, 0)
    assert bootstrap_difference(y, first, np.arange(40), image, by="worker").se > 0


def test_one_image_says_nothing_about_images() -> None:
    found = bootstrap_mean([1, 0, 1], np.arange(3), np.zeros(3, int), by="image")
    assert np.isnan(found.low)


def test_few_draws_and_unknown_ways_are_refused() -> None:
    one = np.arange(2)
    with pytest.raises(TombolaError, match="5,000"):
        bootstrap_mean([0, 1], one, one, draws=4999)
    with pytest.raises(TombolaError, match="by = 'pair'"):
        bootstrap_mean([0, 1], one, one, by="pair")  # type: ignore[arg-type]
