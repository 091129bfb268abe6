import pytest
import scipy.stats

from tombola.errors import TombolaError
from tombola.study.published import goodness_of_fit
from tombola.study.published.goodness import even_split


def test_an_example_by_hand() -> None:
    """(636 - 521)² / 1157 (reference: explainability 10.2)."""
    found = even_split(636, 521)
    assert found.statistic == pytest.approx(11.4304, abs=1e-4)
    assert found.df == 1
    assert found.p == pytest.approx(scipy.stats.chisquare([636, 521]).pvalue)


def test_nothing_to_split() -> None:
    assert even_split(0, 0).p != even_split(0, 0).p


@pytest.mark.parametrize("factor", [1 + 1e-7, 1 - 1e-7, 0.96])
def test_totals_that_differ_are_refused_and_the_right_test_named(factor: float) -> None:
    """Defect B18."""
    with pytest.raises(TombolaError, match="contingency test"):
        goodness_of_fit([60, 40], [50 * factor, 50 * factor])


def test_rounding_is_no_difference() -> None:
    assert goodness_of_fit([60, 40], [50 * (1 + 1e-10), 50]).statistic == pytest.approx(4)


def test_an_expectation_of_nothing_is_refused() -> None:
    with pytest.raises(TombolaError, match="above 0"):
        goodness_of_fit([1, 1], [2, 0])
