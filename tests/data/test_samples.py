"""Balanced samples for scores."""

import pytest
import torch

from tombola.data import Part, load_data
from tombola.data.samples import balanced_samples
from tombola.errors import TombolaError


def contents(part: Part) -> list[bytes]:
    pairs = zip(part.images, part.labels, strict=True)
    return [image.numpy().tobytes() + bytes([int(label)]) for image, label in pairs]


def draw(per_class: int, seed: int = 0):
    data = load_data("digits")
    return data, balanced_samples(data.train, 10, per_class, torch.Generator().manual_seed(seed))


def test_as_many_of_each_class_from_the_training_part_without_replacement() -> None:
    data, part = draw(12)
    assert torch.bincount(part.labels).tolist() == [12] * 10
    known, drawn = (
        [image.numpy().tobytes() + bytes([int(label)]) for image, label in zip(some.images, some.labels, strict=True)]
        for some in (data.train, part)
    )
    assert len(set(drawn)) == len(drawn)
    assert set(drawn) <= set(known)


def test_order_is_random_and_follows_the_generator() -> None:
    (_, part), (_, again), (_, other) = draw(10), draw(10), draw(10, seed=1)
    assert torch.equal(part.images, again.images)
    assert not torch.equal(part.labels, other.labels)
    assert part.labels.tolist() != sorted(part.labels.tolist())
    before = torch.get_rng_state()
    draw(5)
    assert torch.equal(torch.get_rng_state(), before)


def test_too_few_of_a_class_are_refused() -> None:
    with pytest.raises(TombolaError, match=r"samples_per_class = 200: class \d has 1\d\d training images"):
        draw(200)
