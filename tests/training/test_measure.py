import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tombola.data.dataset import Dataset
from tombola.training.evaluate import evaluate
from tombola.training.measure import calibration_error, measure, measured


def test_figures_are_those_of_single_samples(data: Dataset, make_module) -> None:  # type: ignore[no-untyped-def]
    module = make_module("conv")
    found = measure(module, data, data.test, torch.device("cpu"))
    scores = module.eval()((data.test.images.float() / 255 - 0.5) / 0.25).detach().double()
    truth = data.test.labels
    ranks = scores.argsort(1, descending=True)
    assert found.n == len(truth) == sum(found.class_n)
    assert found.correct == int((ranks[:, 0] == truth).sum()) == sum(found.class_correct)
    assert found.loss == pytest.approx(float(F.cross_entropy(scores, truth)), rel=1e-5)
    for number in range(5):
        own = truth == number
        assert found.class_n[number] == int(own.sum())
        assert found.class_correct[number] == int((ranks[own, 0] == number).sum())
    same = evaluate(module, data, "test")
    assert (found.accuracy, found.loss) == (same.accuracy, pytest.approx(same.loss, rel=1e-6))
    assert found.top5 == 1.0  # of five classes


def test_loss_is_the_mean_over_samples_whatever_the_batches(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    # B4: the sum of batch means divided by the number of samples is no loss
    module = nn.Sequential(nn.Flatten(), nn.Linear(36, 5))
    whole = measure(module, data, data.validation, torch.device("cpu"))
    monkeypatch.setattr("tombola.training.measure.PIXELS", {"cpu": 1})
    assert measure(module, data, data.validation, torch.device("cpu")).loss == pytest.approx(whole.loss, rel=1e-6)


def test_modes_are_given_back(data: Dataset) -> None:
    module = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(36), nn.Linear(36, 5))
    module[1].eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    measure(module, data, data.test, torch.device("cpu"))
    assert [part.training for part in module] == [True, False, True]
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())


def test_top5_of_ties_does_not_depend_on_an_order() -> None:
    scores = torch.zeros(2, 8)
    scores[0, :5] = 1.0
    found = measured(scores, torch.tensor([4, 7]), 8)
    # 4 is among five equals; 7 shares the first place with all others
    assert (found.correct, found.correct_top5) == (0, 2)
    scores[0, 5] = 2.0
    assert measured(scores[:1], torch.tensor([7]), 8).correct_top5 == 0


def test_clean_samples_are_counted_apart() -> None:
    scores, labels = torch.eye(4), torch.tensor([0, 1, 3, 3])
    found = measured(scores, labels, 4, np.array([True, False, True, False]))
    assert (found.correct, found.clean_n, found.clean_correct) == (3, 2, 1)
    assert measured(scores, labels, 4).clean_n is None


def test_calibration_error_of_known_cases() -> None:
    assert calibration_error(np.array([0.8] * 10), np.array([True] * 8 + [False] * 2)) == pytest.approx(0.0)
    assert calibration_error(np.ones(4), np.zeros(4, bool)) == 1.0
    # two bins: |0.95 - 1| * 1/2 + |0.55 - 0| * 1/2
    assert calibration_error(np.array([0.95, 0.55]), np.array([True, False])) == pytest.approx(0.3)
    assert math.isnan(calibration_error(np.array([math.nan]), np.array([True])))


@given(st.integers(1, 40), st.integers(2, 12), st.integers(0, 1000))
def test_counts_nest(n: int, classes: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randint(0, 4, (n, classes), generator=generator).float()  # many ties
    found = measured(scores, torch.randint(0, classes, (n,), generator=generator), classes)
    assert 0 <= found.correct <= found.correct_top5 <= found.n == n
    assert 0 <= found.calibration_error <= 1
    assert found.correct_top5 == n or classes > 5
    assert found.row()["accuracy"] == found.correct / n
