from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tombola.data import Part, clean_samples, contamination, load_data
from tombola.training.measure import measure


def names(clean: int, seen: int) -> list[str]:
    """Return as many names as the official set has of each kind."""
    held_out = [f"val/n01440764/ILSVRC2012_val_{number:08d}.JPEG" for number in range(clean)]
    return held_out + [f"val/n02102040/n02102040_{number}.JPEG" for number in range(seen)]


def test_the_official_val_folder() -> None:
    # explainability.md, section 2.4
    found = contamination(names(134, 3791))
    assert found is not None
    assert (found.clean, found.seen, found.total) == (134, 3791, 3925)
    assert "3,791 of 3,925 images (96.6%)" in str(found)
    assert "134 are ILSVRC validation images" in str(found)


def test_the_official_train_folder() -> None:
    found = contamination(names(366, 9469 - 366))
    assert found is not None
    assert (found.clean, found.total) == (366, 9469)


def test_other_names_tell_nothing() -> None:
    assert contamination(["a/cat.png", "b/n0144_1.png"]) is None
    mixed = contamination(["a/cat.png", "a/n01440764_12.JPEG", "b/ILSVRC2012_val_1.JPEG"])
    assert mixed is not None
    assert (mixed.clean, mixed.seen, mixed.unknown) == (0, 1, 2)
    assert "2 of unknown origin" in str(mixed)


def test_clean_samples_follow_the_names() -> None:
    part = Part(torch.zeros(3, 1, 2, 2, dtype=torch.uint8), torch.zeros(3, dtype=torch.int64))
    assert clean_samples(part) is None
    assert clean_samples(replace(part, names=("x.png", "y.png", "z.png"))) is None
    found = clean_samples(replace(part, names=tuple(names(1, 2))))
    assert found is not None
    assert found.tolist() == [True, False, False]
    assert clean_samples(replace(part, names=tuple(names(1, 2))).take(np.array([2, 0]))).tolist() == [False, True]  # type: ignore[union-attr]


@pytest.mark.parametrize(("clean", "told"), [(29, False), (30, True)])
def test_accuracy_on_clean_images_is_told_where_they_are_enough(clean: int, told: bool) -> None:
    data = load_data("digits")
    test = replace(data.test.take(np.arange(60)), names=tuple(names(clean, 60 - clean)))
    module = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    found = measure(module, data, test, torch.device("cpu"))
    assert found.clean_n == clean
    assert found.clean_correct is not None
    assert 0 <= found.clean_correct <= min(clean, found.correct)
    assert found.clean_accuracy == (found.clean_correct / clean if told else None)


@pytest.mark.data
def test_real_names(data_root: Path) -> None:
    data = load_data("imagenette2", root=data_root, size=16, split="published")
    everything = (*(data.test.names or ()), *(data.validation.names or ()))
    found = contamination(everything)
    assert found is not None
    # the subset at hand holds all 134 of the 3,925
    assert found.clean == 134
    assert found.total == len(everything) == 200
    assert (len(data.test), len(data.validation)) == (142, 58)
