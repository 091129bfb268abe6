"""The image as the unit, equivalence, families (reference: explainability 11.2, 11.6, 11.7)."""

import numpy as np
import pandas as pd
import pytest

from tombola.errors import TombolaError
from tombola.study.statistics import adjust, contingency, image_level, margins, pairs_of, tost


@pytest.mark.data
def test_margins_of_the_published_pairs(pairwise: pd.DataFrame) -> None:
    first, second, _ = (image_level(margins(pairwise, pair)) for pair in pairs_of(pairwise))
    assert (first.wins, first.losses, first.ties) == (213, 169, 118)
    assert first.sign_p == pytest.approx(0.02767, abs=5e-6)
    assert first.wilcoxon_p == pytest.approx(0.0101, abs=5e-5)
    assert (second.wins, second.losses, second.ties) == (237, 205, 58)
    assert second.sign_p == pytest.approx(0.1403, abs=5e-5)


def test_no_difference_anywhere_is_no_test() -> None:
    found = image_level([0, 0])
    assert found.ties == 2
    assert np.isnan(found.sign_p)


def test_equivalence_anchor() -> None:
    found = tost(0.0, 0.01, 0.03)
    assert found.p == pytest.approx(0.00135, abs=5e-6)
    assert found.equivalent
    assert found.p_above == found.p_below


def test_equivalence_takes_the_worse_side() -> None:
    found = tost(0.02, 0.01, 0.03)
    assert found.p == found.p_below > found.p_above
    assert tost(-0.02, 0.01, 0.03).p == pytest.approx(found.p)
    assert not tost(0.05, 0.01, 0.03).equivalent
    assert np.isnan(tost(np.nan, np.nan, 0.03).p)
    with pytest.raises(TombolaError, match="margin"):
        tost(0, 1, 0)


TESTS = pd.DataFrame(
    [("a", "one", 0.1, 0.01), ("b", "one", 0.2, 0.04), ("c", "two", 0.3, 0.03)],
    columns=["test", "family", "estimate", "p"],
)


def test_p_values_are_adjusted_within_their_family() -> None:
    assert list(adjust(TESTS).p_adjusted) == pytest.approx([0.02, 0.04, 0.03])
    joint = adjust(TESTS, families={"all": ["a", "b", "c"]})
    assert list(joint.p_adjusted) == pytest.approx([0.03, 0.06, 0.06])
    assert list(joint.p) == [0.01, 0.04, 0.03]
    hochberg = adjust(TESTS, families={"all": ["a", "b", "c"]}, correction="benjamini-hochberg")
    assert list(hochberg.p_adjusted) == pytest.approx([0.03, 0.04, 0.04])


def test_only_declared_tests_under_a_lock_are_confirmatory() -> None:
    for locked in (None, False):
        assert set(adjust(TESTS, families={"one": ["a"]}, locked=locked).label) == {"exploratory"}
    found = adjust(TESTS, families={"one": ["a"]}, locked=True)
    assert list(found.label) == ["confirmatory", "exploratory", "exploratory"]
    assert list(found.family) == ["one", "undeclared", "undeclared"]
    assert list(found.p_adjusted) == pytest.approx([0.01, 0.06, 0.06])
    assert set(adjust(TESTS, locked=True).label) == {"exploratory"}


def test_declared_families_must_fit() -> None:
    with pytest.raises(TombolaError, match="does not have"):
        adjust(TESTS, families={"one": ["z"]})
    with pytest.raises(TombolaError, match="is declared in"):
        adjust(TESTS, families={"one": ["a"], "two": ["a"]})
    with pytest.raises(TombolaError, match="correction"):
        adjust(TESTS, correction="none")  # type: ignore[arg-type]


def test_contingency_leaves_out_what_is_empty() -> None:
    found = contingency([[30, 10, 0], [20, 20, 0], [0, 0, 0]])
    assert (found.statistic, found.df) == (pytest.approx(16 / 3), 1)
    assert np.isnan(contingency([[1, 0], [3, 0]]).p)
    with pytest.raises(TombolaError, match="table of counts"):
        contingency([1, 2])
