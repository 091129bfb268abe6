import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tombola.specs import TrainSpec
from tombola.training.schedule import learning_rate

EPOCH = 10


def rates(steps: int = 100, **schedule: object) -> list[float]:
    train = TrainSpec.model_validate({"lr": 0.1, "length": f"{steps}st", "schedule": schedule})
    rate = learning_rate(train, EPOCH)
    return [rate(step) for step in range(steps)]


def torch_rates(make: object, steps: int = 100) -> list[float]:
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.1)
    scheduler = make(optimiser)  # type: ignore[operator]
    found = []
    for _ in range(steps):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return found


def test_constant() -> None:
    assert rates() == [0.1] * 100


def test_steps_are_those_of_torch() -> None:
    theirs = torch_rates(lambda optimiser: torch.optim.lr_scheduler.MultiStepLR(optimiser, [30, 70], 0.2))
    assert rates(kind="steps", milestones=["3ep", "70st"], factor=0.2) == pytest.approx(theirs)


def test_cosine_is_that_of_torch() -> None:
    theirs = torch_rates(lambda optimiser: torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 100))
    assert rates(kind="cosine") == pytest.approx(theirs)


@pytest.mark.parametrize("kind", ["constant", "cosine"])
def test_warm_up_rises_linearly_from_zero_to_the_full_rate(kind: str) -> None:
    found = rates(kind=kind, warmup="2ep")
    assert found[:20] == pytest.approx([0.1 * step / 20 for step in range(20)])
    assert found[20] == pytest.approx(0.1)


def test_cosine_after_warm_up_spans_the_rest() -> None:
    found = rates(kind="cosine", warmup="20st")
    assert found[60] == pytest.approx(0.05)
    assert found[99] == pytest.approx(0.05 * (1 + math.cos(math.pi * 79 / 80)))


@given(st.integers(1, 300), st.integers(0, 400), st.sampled_from(["constant", "steps", "cosine"]))
def test_rates_stay_between_zero_and_the_full_rate(steps: int, warmup: int, kind: str) -> None:
    milestones = {"milestones": ["50st"]} if kind == "steps" else {}
    assert all(0 <= rate <= 0.1 for rate in rates(steps, kind=kind, warmup=f"{warmup}st", **milestones))
