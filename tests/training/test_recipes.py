"""Fine-tuning: the schedule's last learning rate throughout (Renda et al. 2020; field reference 2.3)."""

import pytest

from tombola.specs import ExperimentSpec, TrainSpec
from tombola.training.recipes import fine_tuning, level_recipe
from tombola.training.schedule import learning_rate

SCHEDULES = {
    "constant": ({"kind": "constant", "warmup": "5st"}, 0.1),
    "steps": ({"kind": "steps", "milestones": ["2ep", "3ep"], "factor": 0.1}, 0.001),
    "milestone at the end": ({"kind": "steps", "milestones": ["40st"]}, 0.1),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_rate_is_that_of_the_last_step(name: str) -> None:
    schedule, last = SCHEDULES[name]
    train = TrainSpec(lr=0.1, length="40st", schedule=schedule, momentum=0.9, optimiser="sgd")
    tuned = fine_tuning(train, per_epoch=10)
    rate = learning_rate(tuned, 10)
    assert [rate(0), rate(20), rate(39)] == pytest.approx([last] * 3)
    assert learning_rate(train, 10)(39) == rate(39)
    changed = {"lr", "schedule"}
    assert tuned.model_dump(exclude=changed) == train.model_dump(exclude=changed)


def test_a_cosine_ends_above_zero() -> None:
    train = TrainSpec(lr=0.1, length="40st", schedule={"kind": "cosine"})
    assert 0 < fine_tuning(train, 10).lr < 0.001


@pytest.mark.parametrize(("rewind", "tuned"), [("init", False), ("step:3", False), ("lr", False), ("none", True)])
def test_only_fine_tuning_has_a_recipe_of_its_own(rewind: str, tuned: bool) -> None:
    assert (level_recipe(ExperimentSpec(prune={"rewind": rewind}), 10) is not None) == tuned
