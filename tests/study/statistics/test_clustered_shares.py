"""Two-way clustered shares and differences (reference: explainability 11.1 and 11.5; defect B17)."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from tombola.errors import TombolaError
from tombola.study.statistics import clustered_difference, clustered_mean, clustered_share, decisive, pairs_of
from tombola.study.statistics.covariance import two_way_covariance, two_way_variance
from tombola.study.statistics.shares import share_table

ANCHOR = np.array([(1, 1, 1), (1, 2, 1), (2, 1, 1), (2, 3, 0), (3, 2, 1), (3, 3, 0), (3, 1, 1), (4, 3, 1)])
VOTES = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 1)), min_size=2, max_size=30
)  # fmt: skip


def test_the_anchor() -> None:
    found = clustered_share(ANCHOR[:, 2], ANCHOR[:, 0], ANCHOR[:, 1])
    assert found.value == 0.75
    assert found.variance.worker == 0.009765625
    assert found.variance.image == 0.037109375
    assert found.variance.both == 0.0234375
    assert found.variance.value == 0.0234375
    assert not found.variance.fallback
    assert found.p == pytest.approx(0.10247, abs=5e-6)
    assert found.design_effect == pytest.approx(0.0234375 / (0.25 / 8))


@pytest.mark.data
def test_the_first_pair_of_the_published_study(pairwise: pd.DataFrame) -> None:
    """Section 11.1: clustered one way only, p is 9.7e-5 by worker and 9.82e-3 by image."""
    row = share_table(pairwise).iloc[0]
    assert row.worker_p == pytest.approx(9.7e-5, rel=5e-3)
    assert row.image_p == pytest.approx(9.82e-3, rel=5e-4)
    assert row.naive_p == pytest.approx(7.225e-4, rel=1e-3)
    assert row.p > row.naive_p
    assert row.design_effect > 1


def test_answers_of_their_own_are_naive() -> None:
    y = np.array([1, 0, 1, 1, 0, 1, 1, 1])
    own = np.arange(8)
    found = clustered_share(y, own, own)
    assert found.se == pytest.approx(found.naive_se)
    assert found.naive_p == pytest.approx(scipy.stats.chisquare([6, 2]).pvalue)


@given(VOTES)
def test_order_and_names_do_not_matter(rows: list[tuple[int, int, int]]) -> None:
    worker, image, y = np.array(rows).T
    found, again = clustered_share(y, worker, image), clustered_share(y[::-1], 9 - worker[::-1], 7 * image[::-1])
    assert again.variance.value == pytest.approx(found.variance.value, abs=1e-12)
    other = clustered_share(1 - y, worker, image)
    assert other.value == pytest.approx(1 - found.value)
    assert other.variance.value == pytest.approx(found.variance.value, abs=1e-12)


@given(VOTES)
def test_one_cluster_way_is_the_sum_over_groups(rows: list[tuple[int, int, int]]) -> None:
    """Against a slow sum by the definition; both ways equal give the one way back."""
    worker, image, y = np.array(rows).T
    u = (y - y.mean()) / len(y)
    slow = sum(u[worker == g].sum() ** 2 for g in set(worker))
    assert two_way_variance(u, worker, image).worker == pytest.approx(slow, abs=1e-15)
    same = two_way_variance(u, worker, worker)
    assert same.value == pytest.approx(slow, abs=1e-15)


def test_a_sum_that_is_not_positive_falls_back_and_says_so() -> None:
    """A worker votes for one side on one image and for the other elsewhere: worker and image sums cancel."""
    y = np.array([1, 0, 0, 1])
    worker, image = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    found = clustered_share(y, worker, image)
    parts = found.variance
    assert parts.worker + parts.image - parts.both <= 0
    assert parts.fallback
    assert parts.value == max(parts.worker, parts.image)


def test_agreement_without_exception_has_no_known_error() -> None:
    found = clustered_share([1, 1, 1], np.arange(3), np.arange(3))
    assert found.value == 1
    assert np.isnan(found.se)
    assert np.isnan(found.p)
    assert clustered_share([], np.array([], int), np.array([], int)).n == 0


def test_cr1_widens_by_the_number_of_groups() -> None:
    plain = two_way_variance(ANCHOR[:, 2] - 0.75, ANCHOR[:, 0], ANCHOR[:, 1])
    wider = two_way_variance(ANCHOR[:, 2] - 0.75, ANCHOR[:, 0], ANCHOR[:, 1], cr1=True)
    assert wider.worker == pytest.approx(plain.worker * 4 / 3)
    assert wider.image == pytest.approx(plain.image * 3 / 2)
    assert wider.both == pytest.approx(plain.both * 8 / 7)


def test_a_difference_of_two_arms_by_hand() -> None:
    y = np.array([1, 1, 0, 0, 1, 0])
    first = np.array([True, True, True, False, False, False])
    own = np.arange(6)
    found = clustered_difference(y, first, own, own)
    assert found.value == pytest.approx(1 / 3)
    assert found.se == pytest.approx(np.sqrt(2 / 9 / 3 + 2 / 9 / 3))
    paired = clustered_difference(y, first, np.tile(np.arange(3), 2), own)
    assert paired.variance.worker != pytest.approx(found.variance.worker)


def test_a_mean_is_a_difference_to_nothing() -> None:
    values = np.array([1.0, 0.0, -1.0, 1.0])
    worker, image = np.array([0, 0, 1, 1]), np.arange(4)
    found = clustered_mean(values, worker, image)
    twice = clustered_difference(
        np.concatenate([values, np.zeros(4)]), np.arange(8) < 4, np.tile(worker, 2), np.tile(image, 2)
    )
    assert (found.value, found.se) == (twice.value, twice.se)


def test_intervals_cover_where_naive_ones_do_not() -> None:
    """40 workers and 40 images with effects of their own: 95 % intervals hold the truth nine times in ten or better."""
    rng, hits, naive = np.random.default_rng(0), 0, 0
    worker, image = np.divmod(np.arange(1600), 40)
    for _ in range(300):
        score = rng.normal(0, 0.6, 40)[worker] + rng.normal(0, 0.6, 40)[image] + rng.normal(0, 1, 1600)
        found = clustered_share(score > 0, worker, image)
        hits += found.low < 0.5 < found.high
        naive += found.naive_low < 0.5 < found.naive_high
    assert hits / 300 > 0.9
    assert naive / 300 < 0.5


def test_several_parameters_have_one_covariance() -> None:
    influence = np.stack([ANCHOR[:, 2] - 0.75, 1.0 * (ANCHOR[:, 2] == 0) - 0.25], 1)
    found, fallback = two_way_covariance(influence, ANCHOR[:, 0], ANCHOR[:, 1])
    assert not fallback
    assert found[0, 0] == pytest.approx(found[1, 1])
    assert found[0, 1] == pytest.approx(-found[0, 0])


def test_lengths_that_differ_are_refused(make_pairs) -> None:
    with pytest.raises(TombolaError, match="one each"):
        clustered_share([1, 0], np.array([0]), np.array([0, 1]))
    frame = make_pairs([(0, 1, "a", "b", "a"), (1, 1, "b", "a", "none"), (1, 2, "b", "a", "a")])
    votes = decisive(frame, pairs_of(frame)[0])
    assert votes.n == 2
    assert list(votes.y) == [1, 1]
