import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tombola.analysis import mean_and_errors, mean_interval, paired_difference
from tombola.errors import TombolaError

NUMBERS = st.floats(-1e3, 1e3)


def test_t_interval_below_ten_values() -> None:
    """Agrees with scipy's own interval and with the textbook: mean ± 4.303 s / sqrt(3)."""
    found = mean_interval([1.0, 2.0, 3.0])
    assert (found.mean, found.n) == (2.0, 3)
    assert found.low == pytest.approx(2 - 4.302653 / np.sqrt(3), abs=1e-5)
    values = [0.97, 0.981, 0.975, 0.99, 0.968]
    low, high = stats.t.interval(0.95, 4, loc=np.mean(values), scale=stats.sem(values))
    assert (mean_interval(values).low, mean_interval(values).high) == pytest.approx((low, high))


def test_bootstrap_from_ten_values_is_repeatable_and_asymmetric() -> None:
    skewed = np.exp(np.arange(10) / 2)
    first, second = mean_interval(skewed), mean_interval(skewed)
    assert first == second
    assert first.high - first.mean > first.mean - first.low > 0
    nine = mean_interval(skewed[:9])
    assert nine.high - nine.mean == pytest.approx(nine.mean - nine.low)
    resampled = np.random.default_rng(5).choice(skewed, (20_000, 10)).mean(1)
    assert (first.low, first.high) == pytest.approx(np.quantile(resampled, [0.025, 0.975]), rel=0.03)


def test_one_value_has_no_interval_and_none_no_mean() -> None:
    one = mean_interval([0.5])
    assert (one.mean, one.n, one.known) == (0.5, 1, False)
    assert np.isnan([one.low, one.high]).all()
    none = mean_interval([np.nan])
    assert none.n == 0
    assert np.isnan(none.mean)


def test_equal_values_are_no_certainty() -> None:
    """Accuracies are counts over counts, so three equal differences exclude nothing."""
    equal = mean_interval([0.934 - 0.928, 0.930 - 0.924, 0.932 - 0.926])
    assert equal.equal
    assert not equal.excludes_zero
    assert mean_interval([0.005, 0.006, 0.007]).excludes_zero
    assert not mean_interval([-0.005, 0.006, 0.007]).excludes_zero


def test_confidence_outside_its_range_is_refused() -> None:
    with pytest.raises(TombolaError, match="confidence = 95"):
        mean_interval([1, 2], confidence=95)


@given(st.lists(NUMBERS, min_size=2, max_size=12))
def test_interval_holds_its_mean_and_ignores_order(values: list[float]) -> None:
    found = mean_interval(values)
    assert found.low <= found.mean + 1e-9
    assert found.high >= found.mean - 1e-9
    if len(values) < 10:
        turned = mean_interval(values[::-1])
        assert (turned.low, turned.high) == pytest.approx((found.low, found.high), abs=1e-9)


def test_pairs_share_what_replicates_differ_in() -> None:
    """Replicates that differ by 10 points and improve by 0.1 each: pairing sees the 0.1."""
    dense = {0: 0.80, 1: 0.90, 2: 0.70, 4: 0.75}
    ticket = {0: 0.801, 1: 0.9011, 2: 0.7009, 3: 0.99}
    found = paired_difference(ticket, dense)
    assert found.n == 3
    assert found.mean == pytest.approx(0.001)
    assert found.excludes_zero
    assert paired_difference(dense, ticket).mean == pytest.approx(-0.001)
    assert paired_difference(ticket, {}).n == 0


@pytest.mark.parametrize("spread", ["minmax", "interval"])
def test_mean_and_errors_shapes(spread: str) -> None:
    """reference/playground.md section 10: a (3, 2, 4) array gives (2, 4) each."""
    values = np.random.default_rng(0).random((3, 2, 4))
    for result in mean_and_errors(values, spread):  # type: ignore[arg-type]
        assert result.shape == (2, 4)
    assert mean_and_errors(np.zeros((3, 0)))[0].shape == (0,)
    assert np.isnan(mean_and_errors(np.zeros((0, 3)))[0]).tolist() == [True] * 3


def test_errors_reach_the_extremes_and_skip_what_is_absent() -> None:
    values = np.array([[1.0, 5.0, np.nan], [2.0, np.nan, np.nan], [6.0, np.nan, np.nan]])
    mean, below, above = mean_and_errors(values)
    np.testing.assert_array_equal(mean, [3, 5, np.nan])
    np.testing.assert_array_equal(below, [2, 0, np.nan])
    np.testing.assert_array_equal(above, [3, 0, np.nan])
    interval = mean_interval(values[:, 0])
    assert mean_and_errors(values, "interval")[2][0] == pytest.approx(interval.high - interval.mean)


def test_unknown_spread_is_refused() -> None:
    with pytest.raises(TombolaError, match="spread = 'std'"):
        mean_and_errors(np.zeros((2, 2)), "std")  # type: ignore[arg-type]
    with pytest.raises(TombolaError, match="axis of replicates"):
        mean_and_errors(np.float64(1))
