from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tombola.data.augment import Augmentation
from tombola.data.batches import Batches, Chunks, Prepare
from tombola.data.dataset import Dataset, Part, Split
from tombola.data.normalisation import Normalisation

CPU = torch.device("cpu")
UNIT = Normalisation("unit", (0.0,), (1.0,))


def numbered(count: int, augment: tuple[str, ...] = (), shape: tuple[int, int, int] = (2, 4, 5)) -> Dataset:
    """A data set whose labels number its samples, and whose images are random."""
    images = torch.randint(0, 256, (count, *shape), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    part = Part(images, torch.arange(count))
    split = Split(0, np.arange(count), np.arange(count), own_validation=True)
    return Dataset("numbered", tuple(map(str, range(count))), part, part, part, UNIT, augment, split)


def batches(data: Dataset, size: int, seed: int = 0, replicate: int = 0) -> Batches:
    return Batches(data, size, seed=seed, replicate=replicate, prepare=Prepare(data.normalisation, CPU), device=CPU)


def labels(source: Batches, steps: int, start: int = 0) -> list[list[int]]:
    return [label.tolist() for _, label in islice(source.from_step(start), steps)]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 100))
@settings(max_examples=40)
def test_an_epoch_shows_every_sample_once_but_for_the_incomplete_batch(count: int, size: int, seed: int) -> None:
    if size > count:
        return
    source = batches(numbered(count), size, seed)
    for epoch in range(2):
        shown = labels(source, source.per_epoch, epoch * source.per_epoch)
        flat = [label for batch in shown for label in batch]
        assert {len(batch) for batch in shown} == {size}
        assert len(set(flat)) == len(flat) == count // size * size


@pytest.mark.parametrize("augment", [(), ("flip",), ("crop:2", "flip")])
@pytest.mark.parametrize("start", [0, 1, 5, 6, 7, 13])
def test_from_any_step_on_batches_are_those_of_the_unbroken_run(start: int, augment: tuple[str, ...]) -> None:
    data = numbered(32, augment)
    unbroken = list(islice(batches(data, 5).from_step(0), 20))
    for (images, label), (their_images, their_label) in zip(
        unbroken[start:], islice(batches(data, 5).from_step(start), 20 - start), strict=True
    ):
        assert torch.equal(label, their_label)
        assert torch.equal(images, their_images)


def test_order_is_fresh_every_epoch_and_differs_by_seed_and_replicate() -> None:
    data = numbered(30)
    orders = [
        labels(batches(data, 10), 3),
        labels(batches(data, 10), 3, start=3),
        labels(batches(data, 10, seed=1), 3),
        labels(batches(data, 10, replicate=1), 3),
    ]
    assert len({str(order) for order in orders}) == 4


def test_order_is_pinned() -> None:
    # results of finished runs rest on it
    assert batches(numbered(10), 5).order(0).tolist() == [4, 2, 7, 8, 6, 0, 1, 9, 5, 3]


def test_order_does_not_touch_the_global_generator() -> None:
    before = torch.random.get_rng_state()
    labels(batches(numbered(30, ("flip", "crop:1")), 10), 5)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_images_belong_to_their_labels() -> None:
    data = numbered(30)
    for images, label in islice(batches(data, 7).from_step(0), 8):
        torch.testing.assert_close(images, data.train.images[label].float() / 255, rtol=1e-6, atol=0)


def test_augmentation_differs_between_epochs_and_moves_single_images() -> None:
    data = numbered(1, ("flip", "crop:2"))
    shown = [images for images, _ in islice(batches(data, 1).from_step(0), 12)]
    assert len({images.numpy().tobytes() for images in shown}) > 6


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_normalisation(dtype: torch.dtype) -> None:
    images = torch.arange(256, dtype=torch.uint8).repeat(6).view(2, 3, 16, 16)
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    prepared = Prepare(Normalisation("imagenet", mean, std), CPU, dtype)(images)
    expected = (images.double() / 255 - torch.tensor(mean).double().view(3, 1, 1)) / torch.tensor(std).double().view(
        3, 1, 1
    )
    assert prepared.dtype == dtype
    torch.testing.assert_close(prepared.double(), expected, rtol=0, atol=1e-6)


def test_constants_of_one_channel_fit_any_number() -> None:
    images = torch.full((2, 3, 4, 4), 255, dtype=torch.uint8)
    assert torch.equal(Prepare(Normalisation("half", (0.5,), (0.5,)), CPU)(images), torch.ones(2, 3, 4, 4))


def test_half_precision_is_rounded_once() -> None:
    images = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    constants = Normalisation("mnist", (0.1307,), (0.3081,))
    assert torch.equal(Prepare(constants, CPU, torch.bfloat16)(images), Prepare(constants, CPU)(images).bfloat16())


def test_channels_last_changes_layout_only() -> None:
    images = torch.randint(0, 256, (2, 3, 4, 4), dtype=torch.uint8)
    plain, prepared = Prepare(UNIT, CPU)(images), Prepare(UNIT, CPU, channels_last=True)(images)
    assert torch.equal(prepared, plain)
    assert prepared.is_contiguous(memory_format=torch.channels_last)
    assert plain.is_contiguous()


def test_chunks_hold_all_samples_in_order_the_rest_included() -> None:
    data = numbered(23)
    chunks = Chunks(data.test, 10, Prepare(UNIT, CPU), CPU)
    assert [len(label) for _, label in chunks] == [10, 10, 3]
    assert torch.cat([label for _, label in chunks]).tolist() == list(range(23))
    assert torch.equal(torch.cat([images for images, _ in chunks]), Prepare(UNIT, CPU)(data.test.images))
    assert len(chunks) == 23


@pytest.mark.parametrize("augment", [(), ("flip",), ("crop:2", "flip")])
def test_draws_are_those_that_batches_apply(augment: tuple[str, ...]) -> None:
    data = numbered(32, augment)
    source, plain = batches(data, 5), batches(numbered(32), 5)
    for epoch in range(2):
        draws = source.draws(epoch)
        assert [len(drawn) for drawn in draws] == [30] * len(augment)
        whole = Augmentation(augment).apply(data.train.images[source.order(epoch)], draws)
        shown = [images for images, _ in islice(source.from_step(6 * epoch), 6)]
        assert torch.equal(torch.cat(shown), Prepare(data.normalisation, CPU)(whole))
        assert torch.equal(source.order(epoch), plain.order(epoch)), "augmentation has a stream of its own"
    assert not augment or not torch.equal(source.draws(0)[0], source.draws(1)[0])
