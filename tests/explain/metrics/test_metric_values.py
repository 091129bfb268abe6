"""Metrics against values found by hand (explainability reference, section 13)."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tombola.explain.metrics import Case, metrics
from tombola.explain.metrics.road import impute


class Sums(nn.Module):
    """Class 0 scores the weighted sum of the pixels, class 1 always the same."""

    def __init__(self, weights: Tensor, other: float = 0.0) -> None:
        super().__init__()
        self.other = other
        self.weights = nn.Parameter(weights)

    def forward(self, images: Tensor) -> Tensor:
        score = (images * self.weights).sum((1, 2, 3))
        return torch.stack([score, torch.full_like(score, self.other)], 1)


def one(maps: Any, **more: Any) -> Case:
    values = np.array(maps, dtype=np.float32)[None]
    images = torch.ones(1, 1, *values.shape[1:])
    return Case(values, images, np.array([0]), Sums(torch.ones(1, *values.shape[1:])), **more)


def value(name: str, case: Case, **options: Any) -> float:
    return float(metrics[name](case, **options)[0])


def test_shape() -> None:
    case = one([[0, 1], [1, 2]])
    assert value("mean", case) == 1
    assert value("variance", case) == pytest.approx(2 / 3)  # unbiased
    assert value("nonzero-cells", case) == 3
    assert value("entropy", case) == pytest.approx(1.5 * np.log(2) / np.log(4))
    # mean absolute difference over all pairs, over twice the mean
    assert value("gini", case) == pytest.approx((4 * 1 + 2 * 2 + 4 * 1) / 16 / 2)
    single = np.zeros((4, 4))
    single[1, 2] = 3
    assert value("entropy", one(single)) == 0
    assert value("gini", one(single)) == pytest.approx(1 - 1 / 16)
    assert value("variance", one([[5.0]])) != value("variance", one([[5.0]]))  # missing


@pytest.mark.parametrize(
    ("maps", "pieces"),
    [
        ([[1, 0, 0], [0, 0.6, 0], [0, 0, 0.49]], 1),  # corners touch; less than half of the maximum is no piece
        ([[1, 0, 1], [0, 0, 0], [1, 0, 0]], 3),
        ([[0, 0], [0, 0]], 0),
        ([[-1, -2], [-1, -1]], 0),
        ([[1, 1], [1, 1]], 1),
    ],
)
def test_components(maps: list[list[float]], pieces: int) -> None:
    assert value("components", one(maps)) == pieces


def test_localisation_by_hand() -> None:
    box = np.array([[1, 0, 3, 2]])  # columns 1 and 2 of rows 0 and 1
    maps = np.zeros((4, 4))
    maps[0, 1], maps[3, 3] = 2, 1
    case = one(maps, boxes=box)
    assert value("pointing-game", case) == 1
    assert value("energy-in-box", case) == pytest.approx(2 / 3)
    assert value("window-iou", case) == pytest.approx(1 / 5)  # one of two pixels shown, four in the box
    tie = maps.copy()
    tie[3, 3] = 2
    assert value("pointing-game", one(tie, boxes=box)) == 0.5
    constant = one(np.ones((4, 4)), boxes=box)
    assert value("pointing-game", constant) == value("energy-in-box", constant) == 0.25  # chance
    assert value("window-iou", constant) == 0
    thing = np.zeros((1, 4, 4), dtype=bool)
    thing[0, 0, 1] = True
    assert value("window-iou", one(maps, boxes=box, objects=thing)) == 1


def test_deletion_and_insertion_of_a_sum() -> None:
    """All pixels weigh the same, so any order gives the same curve: probabilities of 16, 15, ... pixels."""
    case = one(np.arange(16).reshape(4, 4))
    scores = 1 / (1 + np.exp(-np.round(np.linspace(0, 1, 21) * 16)))
    area = float(np.trapezoid(scores, dx=1 / 20))
    assert value("deletion", case) == pytest.approx(area)
    assert value("insertion", replace(case, images=case.images * 1.0)) == pytest.approx(1 / (1 + np.exp(-16)))


@pytest.mark.parametrize("name", [name for name in metrics if metrics[name].family == "faithfulness"])
def test_the_important_pixels_go_first(name: str) -> None:
    """A bright patch decides: the map that shows it is truer than the one that shows everything else."""
    weights = torch.zeros(1, 8, 8)
    weights[0, 2:4, 4:6] = 3
    right = one(weights[0].numpy(), explain=lambda images, targets: weights.numpy())
    right = replace(right, images=(weights[None] > 0).float(), module=Sums(weights, 6.0))
    wrong = replace(right, maps=3 - right.maps)
    good, bad = value(name, right), value(name, wrong)
    assert good > bad + 0.02 if metrics[name].better == "higher" else good < bad - 0.02


def test_infidelity_of_the_exact_answer_is_zero_and_of_its_opposite_one() -> None:
    draws = np.random.default_rng(2)
    weights = torch.from_numpy(draws.random((1, 8, 8))).float()
    exact = replace(one(weights[0].numpy()), module=Sums(weights))
    assert value("infidelity", exact) == pytest.approx(0, abs=1e-9)
    assert value("infidelity", replace(exact, maps=-exact.maps)) == 1
    assert 0 < value("infidelity", replace(exact, maps=draws.random((1, 8, 8)))) < 1


def test_max_sensitivity_of_a_doubled_map() -> None:
    case = one(np.eye(4), explain=lambda images, targets: 2 * np.eye(4)[None])
    assert value("max-sensitivity", case) == 1


def test_imputed_pixels_are_the_weighted_means_of_their_neighbours() -> None:
    slope = torch.arange(7.0).repeat(7, 1)[None] + 3 * torch.arange(7.0)[:, None]
    removed = np.zeros((7, 7), dtype=bool)
    removed[2:5, 1:4] = True
    spoilt = torch.where(torch.from_numpy(removed), 99.0, slope)
    torch.testing.assert_close(impute(spoilt, removed), slope, rtol=0, atol=1e-4)  # a plane is harmonic
    assert torch.equal(impute(slope, np.zeros((7, 7), dtype=bool)), slope)
    corner = np.ones((7, 7), dtype=bool)
    corner[0, 0] = False
    torch.testing.assert_close(impute(slope + 5, corner), torch.full((1, 7, 7), 5.0))


def test_recognition_needs_something_to_be_shown() -> None:
    weights = torch.zeros(1, 10, 10)
    weights[0, 4, 4] = 5
    peak = weights[0].numpy()
    judged = {"judge": Sums(weights), "labels": np.array([0])}
    assert value("recognition", one(peak, **judged)) == 1
    assert value("recognition", one(np.ones((10, 10)), **judged)) == 0
    assert value("recognition", one(peak, judge=Sums(-weights), labels=np.array([0]))) == 0
