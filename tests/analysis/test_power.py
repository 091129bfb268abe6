import numpy as np
import pytest
from scipy import stats

from tombola.analysis import paired_power, replicates_needed
from tombola.analysis.power import need
from tombola.errors import TombolaError


@pytest.mark.parametrize(("size", "n"), [(0.2, 199), (0.5, 34), (0.8, 15)])
def test_textbook_sample_sizes(size: float, n: int) -> None:
    """Cohen's small, medium and large effect, two-sided paired t test, 5 %, power 80 %."""
    assert replicates_needed(spread=1, effect=size) == n
    assert paired_power(n, 1, size) >= 0.8 > paired_power(n - 1, 1, size)


def test_agrees_with_statsmodels() -> None:
    power = pytest.importorskip("statsmodels.stats.power").TTestPower()
    for n, size in ((3, 1.5), (5, 0.9), (20, 0.4)):
        assert paired_power(n, 2.0, 2 * size) == pytest.approx(power.power(size, n, 0.05), abs=1e-6)


def test_agrees_with_simulation() -> None:
    draws = np.random.default_rng(0).normal(0.2, 0.25, (4000, 6))
    found = np.mean(stats.ttest_1samp(draws, 0, axis=1).pvalue < 0.05)
    assert paired_power(6, 0.25, 0.2) == pytest.approx(found, abs=0.025)


def test_power_without_an_effect_is_the_level() -> None:
    assert paired_power(5, 1.0, 0.0) == pytest.approx(0.05)
    assert paired_power(1, 1.0, 0.5) == 0
    assert paired_power(100, 1e-4, 0.5) == pytest.approx(1)


@pytest.mark.parametrize("spread", np.geomspace(1e-4, 0.05, 25))
def test_the_smallest_number_that_will_do(spread: float) -> None:
    """The search starts from the normal approximation and must not overshoot."""
    n = replicates_needed(float(spread))
    assert n is not None
    assert paired_power(n, float(spread)) >= 0.8
    assert n == 2 or paired_power(n - 1, float(spread)) < 0.8


def test_what_cannot_be_said() -> None:
    assert replicates_needed(float("nan")) is None
    assert replicates_needed(10.0) is None
    assert replicates_needed(0.0) == 2
    with pytest.raises(TombolaError, match="an effect other than 0"):
        replicates_needed(1.0, effect=0)
    with pytest.raises(TombolaError, match="standard deviation above 0"):
        paired_power(5, 0.0)


def test_few_replicates_know_their_spread_badly() -> None:
    few, many = need(0.003, 3), need(0.003, 30)
    assert few.replicates == many.replicates == replicates_needed(0.003)
    assert few.low is not None
    assert few.high is not None
    assert many.low is not None
    assert many.high is not None
    assert few.low < many.low <= (many.replicates or 0) <= many.high < few.high
    # chi-squared with 2 degrees of freedom: the spread lies between 0.52 and 6.28 of what was seen
    assert few.high == pytest.approx(replicates_needed(0.003 * 6.2847), abs=1)
    assert need(0.003, 1).replicates is None
