import math

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tombola.records import FINAL, GRID, START
from tombola.training.journal import Journal, Kept

losses = st.lists(st.one_of(st.floats(), st.sampled_from([0.5, 1.0, math.nan, math.inf, -math.inf])), max_size=12)


@given(losses, st.booleans())
def test_early_stop_as_training_goes_is_that_of_the_finished_records(values: list[float], started: bool) -> None:
    journal = Journal()
    improved = [
        journal.add(step, START if started and step == 0 else GRID, val_loss=value) for step, value in enumerate(values)
    ]
    assert journal.best == journal.records().early_stop()
    assert journal.best == (None if not any(improved) else max(np.flatnonzero(improved)))


def test_losses_of_playground_5_5() -> None:
    journal = Journal()
    for number, loss in enumerate([2.0, 1.0, 0.5, 1.0]):
        journal.add(2 * (number + 1), GRID, val_loss=loss)
    records = journal.records()
    assert journal.best == 2
    assert records.step[2] == 6


def test_what_was_not_measured_is_nan_and_can_be_filled_in() -> None:
    journal = Journal()
    journal.add(0, START, val_loss=2.0)
    journal.add(5, FINAL, val_loss=1.0, train_loss=1.5)
    journal.fill(1, test_accuracy=0.5)
    records = journal.records()
    assert records.step.dtype == np.int64
    assert records.flags.tolist() == [START, FINAL]
    np.testing.assert_array_equal(records.train_loss, [math.nan, 1.5])
    np.testing.assert_array_equal(records.test_accuracy, [math.nan, 0.5])


def test_kept_state_is_replaced_in_place_and_shares_nothing_with_the_network() -> None:
    module = nn.BatchNorm1d(3)
    kept = Kept(module)
    assert kept.state is None
    kept.keep(module)
    first = kept.state
    assert first is not None
    places = {name: tensor.data_ptr() for name, tensor in first.items()}
    with torch.no_grad():
        module.weight.fill_(7)
        module.num_batches_tracked.fill_(4)
    assert torch.equal(first["weight"], torch.ones(3))
    kept.keep(module)
    assert kept.state is not None
    assert {name: tensor.data_ptr() for name, tensor in kept.state.items()} == places
    assert torch.equal(kept.state["weight"], torch.full((3,), 7.0))
    assert kept.state["num_batches_tracked"] == 4
