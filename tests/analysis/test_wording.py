import math

import pytest

from tombola.analysis import mean_interval
from tombola.analysis.wording import count, difference, duration, level_names, listing, p_value, percent, points, signed


def test_percentages_have_two_decimals() -> None:
    assert percent(0.108343) == "10.83\u202f%"
    assert percent(math.nan) == "\N{EN DASH}"


def test_points_have_a_sign_unless_they_round_to_zero() -> None:
    assert [points(x) for x in (0.0123, -0.0123, 0.00001, -0.00001)] == ["+1.23", "\N{MINUS SIGN}1.23", "0.00", "0.00"]
    assert signed(-1234.4, 0) == "\N{MINUS SIGN}1,234"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1.22, "1.2 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1:00 min"),
        (138.4, "2:18 min"),
        (3599.7, "1:00 h"),
        (7325, "2:02 h"),
    ],
)
def test_durations_carry(seconds: float, text: str) -> None:
    """reference/playground.md section 15, B12: no unit ever shows sixty."""
    assert duration(seconds) == text


def test_lists_and_plurals() -> None:
    assert listing(["a"]) == "a"
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert [count(1, "job"), count(0, "job"), count(1200, "job")] == ["1 job", "0 jobs", "1,200 jobs"]


def test_one_pair_is_told_without_an_interval() -> None:
    assert difference(mean_interval([0.01])) == "+1.00 points, n = 1"
    assert difference(mean_interval([0.01, 0.02])).endswith("n = 2")


def test_levels_and_p_values() -> None:
    assert level_names([0]) == "level 0"
    assert level_names([1, 2, 4, 5, 6]) == "levels 1, 2 and 4 to 6"
    texts = [p_value(p) for p in (0.0009, 0.001, 0.0994, 0.0996, 1.0, math.nan)]
    assert texts == ["< 0.001", "0.001", "0.099", "0.10", "1.00", "\N{EN DASH}"]
