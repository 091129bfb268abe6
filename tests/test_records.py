import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tombola.records import FINAL, GRID, START, early_stop, record_steps


def flags(count: int) -> np.ndarray:
    return np.full(count, GRID, np.uint8)


def test_first_minimum_wins_ties() -> None:
    # playground.md 5.5 and 5.7
    assert early_stop(np.array([2, 1, 0.5, 1]), flags(4)) == 2
    losses = np.array([[5, 4, 3, 2, 1], [9, 8, 7, 8, 9]], float)
    assert [early_stop(row, flags(5)) for row in losses] == [4, 2]
    assert early_stop(np.array([3.0, 1.0, 1.0]), flags(3)) == 1


def test_non_finite_losses_never_win() -> None:
    # playground.md 15, B11
    assert early_stop(np.array([np.nan, -np.inf, 3.0, np.inf]), flags(4)) == 2
    assert early_stop(np.full(3, np.nan), flags(3)) is None


def test_record_before_training_never_wins_and_the_final_one_may() -> None:
    kinds = np.array([START, GRID, FINAL], np.uint8)
    assert early_stop(np.array([0.1, 2.0, 1.0]), kinds) == 2


@pytest.mark.parametrize(("batches", "epochs", "interval", "count"), [(5, 2, 5, 2), (5, 3, 4, 3), (3, 2, 4, 1)])
def test_number_of_grid_records(batches: int, epochs: int, interval: int, count: int) -> None:
    # playground.md 5.1
    records = record_steps(0, batches * epochs, interval)
    assert sum(1 for _, kind in records if kind & GRID) == count


@given(st.integers(0, 50), st.integers(1, 200), st.integers(1, 60))
def test_records_cover_start_grid_and_end(first: int, length: int, interval: int) -> None:
    last = first + length
    steps = dict(record_steps(first, last, interval))
    assert list(steps) == sorted(steps)
    assert steps[first] == START
    assert steps[last] & FINAL
    assert {s for s, kind in steps.items() if kind & GRID} == {
        s for s in range(first + 1, last + 1) if s % interval == 0
    }
