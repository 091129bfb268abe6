import numpy as np
import pytest
from scipy import stats

from tombola.analysis import mean_interval, paired_test, unpaired_test
from tombola.analysis.paired import adjust


def numbered(values: list[float]) -> dict[int, float]:
    return dict(enumerate(values))


def test_paired_t_by_hand_and_as_scipy_has_it() -> None:
    """Differences 1, 2, 3, 6: mean 3, s = sqrt(14/3), t = 3 / (s / 2) = 2.7775, two-sided p with 3 degrees 0.0691."""
    a, b = [2.0, 4.0, 6.0, 10.0], [1.0, 2.0, 3.0, 4.0]
    found = paired_test(numbered(a), numbered(b))
    assert found.interval.mean == 3
    assert found.spread == pytest.approx(np.sqrt(14 / 3))
    assert found.p == pytest.approx(0.06913, abs=2e-5)
    assert found.p == pytest.approx(stats.ttest_rel(a, b).pvalue)
    assert (found.interval.low, found.interval.high) == pytest.approx(
        tuple(stats.ttest_rel(a, b).confidence_interval(0.95))
    )


def test_interval_and_test_agree_below_ten() -> None:
    """The interval excludes zero exactly when p is below 0.05."""
    draw = np.random.default_rng(1)
    for _ in range(200):
        n = int(draw.integers(2, 10))
        found = paired_test(numbered(draw.normal(0.7, 1, n).tolist()), numbered([0.0] * n))
        assert found.interval.excludes_zero == (found.p < 0.05)


def test_pairs_only() -> None:
    found = paired_test({0: 1.0, 1: 2.0, 5: 9.0}, {0: 0.5, 1: 1.0, 7: 3.0})
    assert found.interval.n == 2
    assert found.interval.mean == 0.75


@pytest.mark.parametrize("values", [{}, {0: 0.3}, {0: 0.3, 1: 0.6 / 2, 2: 0.1 + 0.2}])
def test_without_spread_there_is_no_test(values: dict[int, float]) -> None:
    found = paired_test(values, dict.fromkeys(range(3), 0.0))
    assert not found.tested
    assert not found.surely
    assert np.isnan(adjust([found])[0].adjusted)


def test_welch() -> None:
    draw = np.random.default_rng(2)
    a, b = draw.normal(0.3, 1, 5), draw.normal(0, 3, 8)
    found, wanted = unpaired_test(a, b), stats.ttest_ind(a, b, equal_var=False)
    assert found.p == pytest.approx(wanted.pvalue)
    assert (found.interval.low, found.interval.high) == pytest.approx(tuple(wanted.confidence_interval(0.95)))
    assert (found.interval.n, found.paired) == (5, False)
    many = unpaired_test(draw.normal(1, 1, 12), draw.normal(0, 1, 15)).interval
    assert many.low < many.mean < many.high
    assert unpaired_test([1.0], [0.0, 2.0]).interval.mean == 0
    assert not unpaired_test([1.0], [0.0, 2.0]).interval.known
    assert unpaired_test([], [1.0]).interval.n == 0
    assert not unpaired_test([1.0, 1.0], [0.5, 0.5]).tested


def test_adjusting_keeps_order_and_marks_what_stands() -> None:
    strong = paired_test(numbered([1.0, 1.01, 0.99, 1.0001]), numbered([0.0] * 4))
    weak = paired_test(numbered([1.0, 0.2, 0.8, 0.7]), numbered([0.0] * 4))
    found = adjust([weak, strong, weak])
    assert weak.p < 0.05
    assert [each.surely for each in found] == [False, True, False]
    assert [each.adjusted for each in found] == pytest.approx([2 * weak.p, 3 * strong.p, 2 * weak.p])


def test_bootstrap_covers_about_as_often_as_it_says() -> None:
    """Twelve replicates: percentile intervals are known to be a little short, 90 to 95 % instead of 95 %."""
    samples = np.random.default_rng(3).normal(0, 1, (150, 12))
    inside = [found.low <= 0 <= found.high for found in map(mean_interval, samples)]
    assert 0.85 < np.mean(inside) < 0.99
