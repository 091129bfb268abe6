"""The true object mask must score best, and random maps worst, on images whose objects are known (section 13.2)."""

from typing import Any

import numpy as np
import pytest
import torch

from tombola.explain import attribute
from tombola.explain.metrics import Case, measure, metrics
from tombola.explain.pictures import Pictures

LOCAL = [name for name in metrics if metrics[name].family == "localisation"]


def case_of(maps: Any, shapes: Pictures, module: Any, targets: Any) -> Case:
    return Case(
        np.asarray(maps, dtype=np.float32),
        shapes.images,
        targets,
        module,
        shapes.labels.numpy(),
        shapes.boxes.numpy(),  # type: ignore[union-attr]
        shapes.objects.numpy(),  # type: ignore[union-attr]
    )


@pytest.fixture(scope="module")
def scores(trained: torch.nn.Module, shapes: Pictures) -> dict[str, dict[str, float]]:
    """Mean of every metric for the oracle, Grad-CAM and the baselines."""
    found = attribute(trained, shapes.images)
    maps = {"oracle": shapes.objects.numpy().astype(np.float32), "grad-cam": found.maps}  # type: ignore[union-attr]
    for name in ("edge-detector", "random", "constant"):
        maps[name] = attribute(trained, shapes.images, name).maps
    measured = {name: measure(case_of(each, shapes, trained, found.targets)) for name, each in maps.items()}
    return {name: {key: float(np.mean(values)) for key, values in each.items()} for name, each in measured.items()}


@pytest.mark.parametrize("name", LOCAL)
def test_the_true_mask_localises_perfectly_and_random_maps_worst(
    scores: dict[str, dict[str, float]], name: str
) -> None:
    assert scores["oracle"][name] == 1
    assert scores["oracle"][name] > scores["grad-cam"][name] > scores["random"][name] or name == "pointing-game"
    assert scores["grad-cam"][name] > scores["random"][name]
    assert min(scores[method][name] for method in ("oracle", "grad-cam", "edge-detector")) > scores["random"][name]


def test_chance_is_the_share_of_the_box(scores: dict[str, dict[str, float]], shapes: Pictures) -> None:
    left, top, right, bottom = shapes.boxes.T  # type: ignore[union-attr]
    share = float(((right - left) * (bottom - top)).double().mean()) / 32**2
    assert scores["constant"]["pointing-game"] == pytest.approx(share)
    assert scores["constant"]["energy-in-box"] == pytest.approx(share)
    assert scores["random"]["energy-in-box"] == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize("name", ["deletion", "insertion", "aopc", "road", "road-most", "infidelity"])
def test_the_true_mask_and_grad_cam_are_truer_than_random_maps(scores: dict[str, dict[str, float]], name: str) -> None:
    sign = 1 if metrics[name].better == "higher" else -1
    for method in ("oracle", "grad-cam"):
        assert sign * scores[method][name] > sign * scores["random"][name] + 0.05, method


def test_a_constant_map_is_as_true_as_a_random_one(scores: dict[str, dict[str, float]]) -> None:
    for name in ("deletion", "insertion", "aopc", "road"):
        assert scores["constant"][name] == pytest.approx(scores["random"][name], abs=0.06), name
