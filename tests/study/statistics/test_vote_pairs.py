import pytest

from tombola.errors import TombolaError
from tombola.study.statistics import pair_counts, pairs_of
from tombola.study.statistics.votes import condition_order


def test_published_pairs_in_published_order(make_pairs) -> None:
    rows = [(0, 1, "32pruned", "2pruned", "2pruned"), (0, 2, "nonpruned", "2pruned", "none")]
    assert [pair.label for pair in pairs_of(make_pairs(rows))] == ["2pruned v nonpruned", "2pruned v 32pruned"]


def test_other_conditions_by_name_numbers_by_value() -> None:
    assert condition_order(["10x", "2x", "dense"]) == ("2x", "10x", "dense")


def test_sides_do_not_matter(make_pairs) -> None:
    rows = [(0, 1, "a", "b", "a"), (1, 1, "b", "a", "a"), (2, 1, "b", "a", "none"), (3, 1, "a", "b", "b")]
    row = pair_counts(make_pairs(rows)).iloc[0]
    assert (row.first_wins, row.second_wins, row.ties) == (2, 1, 1)
    turned = pair_counts(make_pairs(rows), [("b", "a")]).iloc[0]
    assert (turned["first"], turned.first_wins, turned.second_wins) == ("b", 1, 2)


def test_a_pair_that_was_not_declared_is_not_dropped_silently(make_pairs) -> None:
    with pytest.raises(TombolaError, match="a and b, which is no declared pair"):
        pairs_of(make_pairs([(0, 1, "a", "b", "a")]), [("a", "c")])


def test_practice_and_gold_are_no_votes(make_pairs) -> None:
    assert pairs_of(make_pairs([(0, 1, "a", "b", "a")], kind="gold")) == []
