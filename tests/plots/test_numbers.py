"""Golden numbers of reference/playground.md sections 5.7 and 10."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tombola.analysis import mean_and_errors
from tombola.analysis.wording import duration
from tombola.errors import TombolaError
from tombola.plots import step_axis, stop_records, stop_steps, stop_values

LOSSES = [[[5, 4, 3, 2, 1], [9, 8, 7, 8, 9]]]
ACCURACIES = [[[0.5, 0.4, 0.3, 0.2, 0.1], [0.9, 0.8, 0.7, 0.8, 0.9]]]


def test_step_axis() -> None:
    assert step_axis(3, 2).tolist() == [2, 4, 6]
    assert step_axis(1, 10).tolist() == [10]
    assert step_axis(0, 10).tolist() == []


def test_early_stop_of_arrays() -> None:
    assert stop_records(LOSSES).tolist() == [[4, 2]]
    assert stop_steps(LOSSES, 10).tolist() == [[50, 30]]
    assert stop_values(LOSSES, ACCURACIES).tolist() == [[0.1, 0.7]]
    assert stop_steps([2, 1, 0.5, 1], 2) == 6


def test_ties_keep_the_first_and_nan_is_never_chosen() -> None:
    losses = [[2, 1, 1], [np.nan, 3, np.inf], [np.nan, np.nan, np.nan]]
    assert stop_records(losses).tolist() == [1, 1, -1]
    np.testing.assert_equal(stop_steps(losses, 5), [10, 10, np.nan])
    np.testing.assert_equal(stop_values(losses, np.arange(9).reshape(3, 3)), [1, 4, np.nan])


@given(arrays(np.float64, array_shapes(min_dims=1, max_dims=3, max_side=5), elements=st.floats(0, 9)))
def test_the_value_at_the_stop_is_the_smallest_loss(losses: np.ndarray) -> None:
    np.testing.assert_array_equal(stop_values(losses, losses), losses.min(-1))


def test_mean_and_errors_of_a_history() -> None:
    values = np.arange(24.0).reshape(3, 2, 4) ** 2
    mean, below, above = mean_and_errors(values)
    assert mean.shape == below.shape == above.shape == (2, 4)
    np.testing.assert_allclose(mean - below, values.min(0), atol=1e-12)
    np.testing.assert_allclose(mean + above, values.max(0))


def test_durations_carry_and_reach_hours() -> None:
    """Section 15, B12: no unit ever shows sixty; the spelling is Tombola's."""
    assert [duration(s) for s in (1.22222, 59.12345, 59.96, 60.12345, 138.44444, 3599.7)] == [
        "1.2 s", "59 s", "1:00 min", "1:00 min", "2:18 min", "1:00 h",
    ]  # fmt: skip


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(TombolaError, match="hold no record"):
        stop_records(np.zeros((3, 0)))
    with pytest.raises(TombolaError, match="both must agree"):
        stop_values([[1, 2]], [[1, 2, 3]])
    with pytest.raises(TombolaError, match="no record axis"):
        step_axis(3, 0)
