import math

from tombola.analysis.matching import match_levels

NAN = math.nan


def test_same_grids_match_level_by_level() -> None:
    found = match_levels([1, 0.8, 0.64], [1, 0.8000004, 0.64])
    assert found.pairs == ((0, 0), (1, 1), (2, 2))
    assert found.unmatched == ()


def test_six_decimals_count() -> None:
    found = match_levels([1, 0.8], [1, 0.800002])
    assert found.pairs == ((0, 0),)
    assert found.unmatched == (
        "Level 1 of the two differs in density (0.800000 and 0.800002 at level 1) and is not compared.",
    )


def test_the_same_density_at_another_level() -> None:
    found = match_levels([1, 0.8, 0.64, 0.512], [1, 0.64])
    assert found.pairs == ((0, 0), (2, 1))
    assert found.unmatched == ("Levels 1 and 3 of the first run have no counterpart of the same density.",)


def test_a_level_that_repeats_a_density_meets_its_own_number() -> None:
    assert match_levels([1, 0.5, 0.5], [1, 0.5, 0.5]).pairs == ((0, 0), (1, 1), (2, 2))


def test_undone_levels_are_named() -> None:
    found = match_levels([1, 0.8, NAN], [1, 0.8, 0.6, 0.4, 0.3, NAN])
    assert found.pairs == ((0, 0), (1, 1))
    assert "Level 2 of the first run is not done." in found.unmatched
    assert "Levels 2 to 4 of the other run have no counterpart of the same density." in found.unmatched
    assert "Level 5 of the other run is not done." in found.unmatched
    assert match_levels([NAN], [NAN]).pairs == ()
