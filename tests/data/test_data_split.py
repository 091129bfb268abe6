import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tombola.data.split import draw_split, fixed_test, permutation, planned_sizes
from tombola.errors import TombolaError
from tombola.specs import DataSpec

SEEDS = st.integers(0, 2**62)


@given(st.integers(0, 300), SEEDS)
def test_a_permutation_holds_everything_once(n: int, seed: int) -> None:
    assert sorted(permutation(n, seed)) == list(range(n))


def test_the_split_is_the_same_on_every_machine() -> None:
    # pinned: a released split never changes
    assert permutation(8, 1).tolist() == [2, 4, 7, 5, 0, 6, 3, 1]
    split = draw_split(DataSpec(name="mnist"), 0, 60000, None, 5000)
    assert split.digest == "2a7c1dcba2c7b828cf604358a6860e5acb68605847497d0b2f0de86ae210b36f"


@given(st.data(), st.integers(2, 400), SEEDS)
def test_train_and_validation_part_the_training_images(data: st.DataObject, n: int, seed: int) -> None:
    validation = data.draw(st.integers(1, n - 1))
    train = data.draw(st.none() | st.integers(1, n - validation))
    spec = DataSpec(validation=validation, train=train)
    split = draw_split(spec, seed, n, None, 1)
    assert len(split.validation) == validation
    assert len(split.train) == (n - validation if train is None else train)
    assert not set(split.train) & set(split.validation)
    assert set(split.train) | set(split.validation) <= set(range(n))
    for indices in (split.train, split.validation):
        assert (np.diff(indices) > 0).all()
    again = draw_split(spec, seed, n, None, 1)
    assert again.digest == split.digest
    assert draw_split(spec, seed + 1, n, None, 1).seed != split.seed


@given(st.integers(10, 200), SEEDS)
def test_a_larger_training_subset_holds_the_smaller_one(n: int, seed: int) -> None:
    small, large = (draw_split(DataSpec(validation=3, train=k), seed, n, None, 1) for k in (4, 6))
    assert set(small.train) < set(large.train)
    assert small.validation.tolist() == large.validation.tolist()


@given(st.integers(1, 50), st.integers(1, 50), SEEDS)
def test_an_own_validation_part_leaves_the_training_part_whole(n: int, own: int, seed: int) -> None:
    split = draw_split(DataSpec(), seed, n, own, 5)
    assert split.own_validation
    assert split.train.tolist() == list(range(n))
    assert split.validation.tolist() == list(range(own))


def test_other_seeds_draw_other_samples() -> None:
    splits = [draw_split(DataSpec(), seed, 100, None, 50) for seed in range(4)]
    assert len({split.digest for split in splits}) == 4
    assert len({tuple(split.validation) for split in splits}) == 4


def test_the_digest_tells_the_two_lists_apart() -> None:
    first = draw_split(DataSpec(validation=40), 0, 100, None, 1)
    other = draw_split(DataSpec(validation=41), 0, 100, None, 1)
    assert first.digest != other.digest
    assert len(first.digest) == hashlib.sha256().digest_size * 2


@pytest.mark.parametrize(
    ("spec", "train", "own", "words"),
    [
        ({}, 224, None, ("data.validation = 5000 (the default)", "224", "less than 224")),
        ({"validation": 224}, 224, None, ("data.validation = 224", "less than 224")),
        ({"validation": 0}, 224, None, ("data.validation = 0", "at least 1")),
        ({"validation": 20}, 224, 10, ("data.validation = 20", "10 validation images of its own")),
        ({"validation": 24, "train": 201}, 224, None, ("data.train = 201", "200")),
    ],
)
def test_impossible_splits_say_what_is_possible(
    spec: dict[str, int], train: int, own: int | None, words: tuple[str, ...]
) -> None:
    with pytest.raises(TombolaError) as caught:
        planned_sizes(DataSpec(name="svhn", **spec), train, own, 5000)
    assert all(word in str(caught.value) for word in (*words, "svhn" if "validation" not in spec else ""))


@given(st.lists(st.integers(1, 30), min_size=1, max_size=6), st.data())
def test_a_fixed_test_part_keeps_the_shares_of_the_classes(sizes: list[int], data: st.DataObject) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    count = data.draw(st.integers(1, len(labels)))
    rest, test = fixed_test(labels, count)
    assert len(test) == count
    assert sorted([*rest, *test]) == list(range(len(labels)))
    taken = np.bincount(labels[test], minlength=len(sizes))
    assert (np.abs(taken - np.array(sizes) * count / len(labels)) < 1).all()
