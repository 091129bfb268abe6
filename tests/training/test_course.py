from collections.abc import Callable

import pytest
from torch import nn

from tombola.data.dataset import Dataset
from tombola.errors import TombolaError
from tombola.records import FINAL, GRID, START
from tombola.specs import TrainSpec
from tombola.training import Task
from tombola.training.course import plan_course

MakeData = Callable[..., Dataset]


def course(data: Dataset, start: int = 0, snapshots: tuple[int, ...] = (), **train: object):
    task = Task(nn.Identity(), start_step=start, snapshots=snapshots)
    return plan_course(task, data, TrainSpec.model_validate(train))


@pytest.mark.parametrize(("batches", "epochs", "interval", "records"), [(5, 2, 5, 2), (5, 3, 4, 3), (3, 2, 4, 1)])
def test_grid_of_playground_5_1(make_data: MakeData, batches: int, epochs: int, interval: int, records: int) -> None:
    plan = course(make_data(train=batches * 10 + 3), length=f"{epochs}ep", record_every=interval, batch_size=10)
    assert sum(bool(flags & GRID) for flags in plan.records.values()) == records
    assert plan.total == batches * epochs


def test_left_over_steps_end_in_a_flagged_record(make_data: MakeData) -> None:
    plan = course(make_data(train=30), length="2ep", record_every=4, batch_size=10)
    assert plan.records == {0: START, 4: GRID, 6: FINAL}


def test_epochs_as_interval(make_data: MakeData) -> None:
    plan = course(make_data(train=50), length="12st", record_every="1ep", batch_size=10)
    assert list(plan.records) == [0, 5, 10, 12]


def test_rewound_course_keeps_absolute_steps(make_data: MakeData) -> None:
    plan = course(make_data(train=50), start=7, snapshots=(8,), length="20st", record_every=5, batch_size=10)
    assert plan.records == {7: START, 10: GRID, 15: GRID, 20: GRID | FINAL}
    assert plan.stops() == [7, 8, 10, 15, 20]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 241}, r"train\.batch_size = 241 exceeds the 240 training samples of toy"),
        ({"length": "10st", "record_every": 11}, r"train\.record_every = '11st' is longer than training \(10 steps\)"),
        ({"length": "100st", "start": 100}, "start_step = 100 is not before the end"),
        ({"length": "100st", "start": -1}, "start_step = -1"),
        (
            {"length": "100st", "start": 50, "snapshots": (49,)},
            "snapshot at step 49 is outside the training from step 50 to 100",
        ),
        ({"length": "100st", "snapshots": (101,)}, "step 101 is outside"),
    ],
)
def test_what_does_not_fit_is_refused(data: Dataset, changes: dict[str, object], message: str) -> None:
    with pytest.raises(TombolaError, match=message):
        course(data, **changes)  # type: ignore[arg-type]


def test_data_that_cannot_be_trained_on_is_refused(make_data: MakeData) -> None:
    with pytest.raises(TombolaError, match="no validation samples"):
        course(make_data(validation=0))
    with pytest.raises(TombolaError, match=r"unknown augmentation 'flop' \(did you mean 'flip'\?\)"):
        course(make_data(augment=("flop",)), batch_size=10)
