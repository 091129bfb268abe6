import numpy as np
import pytest
from scipy import stats

from tombola.analysis.inference import benjamini_hochberg, welch_less
from tombola.analysis.inference.welch import log10_tail
from tombola.errors import TombolaError


def test_benjamini_hochberg_against_scipy() -> None:
    p = np.random.default_rng(0).random(40) ** 3
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p))


def test_benjamini_hochberg_leaves_what_is_no_test_alone() -> None:
    found = benjamini_hochberg([0.02, np.nan, 0.01])
    assert np.isnan(found[1])
    np.testing.assert_allclose(found[[0, 2]], [0.02, 0.02])
    assert len(benjamini_hochberg([])) == 0
    with pytest.raises(TombolaError, match=r"1.5 lies outside"):
        benjamini_hochberg([1.5])


def test_welch_against_scipy() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=12), rng.normal(0.4, 2, 30)
    ours, theirs = welch_less(a, b), stats.ttest_ind(a, b, equal_var=False, alternative="less")
    assert (ours.t, ours.df, ours.p) == pytest.approx((theirs.statistic, theirs.df, theirs.pvalue))
    assert ours.log10_p == pytest.approx(np.log10(theirs.pvalue))


@pytest.mark.parametrize(("df", "t"), [(400.0, -10.0), (5.0, -3.0), (500.0, -37.0), (900.0, -25.0), (2.5, -1e4)])
def test_logarithm_of_the_tail_where_the_tail_is_a_number(df: float, t: float) -> None:
    assert log10_tail(df, t) == pytest.approx(np.log10(stats.t.cdf(t, df)), rel=1e-9)


def test_p_too_small_for_a_number_has_a_logarithm() -> None:
    """The published tables underflow to 0 (reference/signs.md 5)."""
    rng = np.random.default_rng(0)
    test = welch_less(rng.normal(0, 0.1, 400), rng.normal(20, 0.1, 700))
    assert test.p == 0
    assert -2000 < test.log10_p < -308


def test_no_test_without_spread_or_with_missing_values() -> None:
    for a, b in (([1.0, 1.0], [2.0, 2.0]), ([1.0], [1.0, 2.0]), ([1.0, np.nan], [1.0, 2.0])):
        assert np.isnan(welch_less(a, b).p)
