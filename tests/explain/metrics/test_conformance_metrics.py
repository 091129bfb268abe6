"""What every registered metric must be and do (explainability reference, section 13)."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tombola.errors import TombolaError
from tombola.explain.metrics import Case, measure, metric_names, metrics
from tombola.explain.metrics.metric import FAMILIES

SIZE = 12


@pytest.fixture(scope="module")
def case() -> Case:
    """Five images of objects on noise, maps of another size, and everything a metric may need."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module, judge = (
            nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(400, 4)) for _ in range(2)
        )
    draws = np.random.default_rng(0)
    boxes = np.array([[1, 2, 6, 8], [0, 0, 5, 5], [4, 4, 12, 12], [6, 1, 9, 11], [2, 2, 4, 4]])
    objects = np.zeros((5, SIZE, SIZE), dtype=bool)
    for mask, (left, top, right, bottom) in zip(objects, boxes, strict=True):
        mask[top:bottom, left:right] = draws.random((bottom - top, right - left)) < 0.8
    images = torch.from_numpy(draws.normal(size=(5, 3, SIZE, SIZE)) + 2 * objects[:, None]).float()
    return Case(
        maps=np.maximum(draws.normal(size=(5, 6, 6)), 0).astype(np.float32),
        images=images,
        targets=np.array([0, 1, 2, 3, 0]),
        module=module.eval(),
        labels=np.array([0, 1, 1, 3, 0]),
        boxes=boxes,
        objects=objects,
        dense=draws.random((5, 6, 6)).astype(np.float32),
        judge=judge.eval(),
        explain=lambda images, targets: torch.nn.functional.avg_pool2d(images, 2).sum(1).numpy(),
    )


def with_maps(case: Case, maps: Any) -> Case:
    return replace(case, maps=maps, explain=lambda images, targets: maps)


@pytest.mark.parametrize("name", list(metrics))
def test_one_number_per_image_within_its_range(case: Case, name: str) -> None:
    metric, values = metrics[name], metrics[name](case)
    assert values.shape == (5,)
    assert values.dtype == np.float64
    assert np.isfinite(values).all()
    assert (values >= metric.low - 1e-9).all()
    assert (values <= metric.high + 1e-9).all()


@pytest.mark.parametrize("name", list(metrics))
@pytest.mark.parametrize("level", [0.0, 1.0, -2.0, 0.3])
def test_constant_maps_have_values_or_are_declared_missing(case: Case, name: str, level: float) -> None:
    metric = metrics[name]
    values = metric(with_maps(case, np.full((5, 6, 6), level, dtype=np.float32)))
    missing = metric.constant_missing or (name == "max-sensitivity" and level == 0)
    assert np.isnan(values).all() if missing else np.isfinite(values).all()
    if not missing:
        assert ((values >= metric.low) & (values <= metric.high)).all()


@pytest.mark.parametrize("name", list(metrics))
def test_the_same_twice_whatever_the_batch(case: Case, name: str) -> None:
    first = metrics[name](case)
    torch.rand(3)
    np.random.random()  # noqa: NPY002  the global state must not matter
    np.testing.assert_array_equal(metrics[name](replace(case)), first)
    small = metrics[name](replace(case, batch_size=3))
    np.testing.assert_allclose(small, first, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", list(metrics))
def test_an_image_does_not_depend_on_others(case: Case, name: str) -> None:
    alone = {
        field: getattr(case, field)[3:4]
        for field in ("maps", "images", "targets", "labels", "boxes", "objects", "dense")
    }
    np.testing.assert_allclose(metrics[name](replace(case, **alone)), metrics[name](case)[3:4], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("factor", [1e-6, 3.7, 1e5])
@pytest.mark.parametrize("name", [name for name in metrics if metrics[name].scale_free])
def test_the_scale_of_maps_does_not_matter(case: Case, name: str, factor: float) -> None:
    scaled = replace(
        case,
        maps=(case.maps.astype(np.float64) * factor).astype(np.float32),
        explain=lambda images, targets: case.explain(images, targets) * factor,  # type: ignore[misc]
    )
    np.testing.assert_allclose(metrics[name](scaled), metrics[name](case), rtol=1e-4, atol=1e-5)


def test_those_that_are_not_scale_free_are_not(case: Case) -> None:
    doubled = replace(case, maps=2 * case.maps)
    for name in metrics:
        if not metrics[name].scale_free:
            assert not np.allclose(metrics[name](doubled), metrics[name](case)), name


@pytest.mark.parametrize("name", list(metrics))
def test_what_is_needed_and_not_there_makes_it_missing_not_zero(case: Case, name: str) -> None:
    bare = replace(case, labels=None, boxes=None, objects=None, dense=None, judge=None, explain=None)
    values = metrics[name](bare)
    assert np.isnan(values).all() if metrics[name].needs else np.isfinite(values).all()
    assert bool(metrics[name].needs) is (metrics[name].family in ("localisation", "change", "recognition")) or (
        name == "max-sensitivity"
    )


def test_networks_stay_as_they_are(case: Case) -> None:
    case.module.train()
    before = {name: value.clone() for name, value in case.module.state_dict().items()}
    kept = case.images.clone()
    measure(case)
    assert case.module.training
    assert all(parameter.requires_grad and parameter.grad is None for parameter in case.module.parameters())
    assert all(torch.equal(value, before[name]) for name, value in case.module.state_dict().items())
    assert torch.equal(case.images, kept)
    case.module.eval()


def test_a_seed_changes_what_is_drawn_and_nothing_else(case: Case) -> None:
    first, second = measure(case), measure(replace(case, seed=1))
    changed = {name for name in first if not np.allclose(first[name], second[name], equal_nan=True)}
    # zeros of rectified maps are ties, which are drawn
    assert changed <= {name for name in metrics if metrics[name].family in ("faithfulness", "recognition")}
    assert {"infidelity", "aopc"} <= changed


def test_they_are_documented_and_ordered_by_family(case: Case) -> None:
    families = [metrics[name].family for name in metric_names()]
    assert families == sorted(families, key=FAMILIES.index)
    for name in metrics:
        assert metrics[name].summary.endswith((".", ")")), name
    with pytest.raises(TombolaError, match="did you mean 'deletion'"):
        measure(case, ["deletoin"])
