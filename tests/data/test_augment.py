import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tombola.data.augment import Augmentation, Crop, Flip, augmentations
from tombola.errors import TombolaError

ARGUMENTS = {"crop": "crop:2", "rotate": "rotate:60", "resized-crop": "resized-crop:0.4"}


def random_images(count: int, channels: int = 3, height: int = 5, width: int = 6) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(1, 256, (count, channels, height, width), dtype=torch.uint8, generator=generator)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", augmentations)
def test_every_augmentation_keeps_shape_type_and_determinism(name: str) -> None:
    augmentation, images = Augmentation((ARGUMENTS.get(name, name),)), random_images(40)
    before = images.clone()
    first, second = (augmentation.apply(images, augmentation.draw(40, generator())) for _ in range(2))
    other = augmentation.apply(images, augmentation.draw(40, generator(1)))
    assert first.shape == images.shape
    assert first.dtype == torch.uint8
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert not torch.equal(first, images)
    assert torch.equal(images, before)


@pytest.mark.parametrize("name", augmentations)
def test_every_augmentation_treats_images_one_by_one(name: str) -> None:
    augmentation, images = Augmentation((ARGUMENTS.get(name, name),)), random_images(12)
    draws = augmentation.draw(12, generator())
    whole = augmentation.apply(images, draws)
    parts = [augmentation.apply(images[i : i + 5], [d[i : i + 5] for d in draws]) for i in range(0, 12, 5)]
    assert torch.equal(whole, torch.cat(parts))


def test_flip_mirrors_left_and_right_where_drawn() -> None:
    images = random_images(2)
    flipped = Flip().apply(images, torch.tensor([True, False]))
    assert torch.equal(flipped[0, :, :, 0], images[0, :, :, -1])
    assert torch.equal(flipped[0].flip(2), images[0])
    assert torch.equal(flipped[1], images[1])


def test_flip_is_drawn_for_half_of_the_images() -> None:
    assert 450 < int(Flip().draw(1000, generator()).sum()) < 550


@settings(max_examples=30)
@given(st.integers(1, 6), st.integers(1, 3), st.integers(1, 5), st.integers(1, 6), st.integers(1, 4), st.booleans())
def test_crop_is_the_window_of_a_black_framed_image(
    count: int, channels: int, height: int, width: int, margin: int, channels_last: bool
) -> None:
    images = random_images(count, channels, height, width)
    if channels_last:
        images = images.contiguous(memory_format=torch.channels_last)
    crop = Crop(margin)
    draws = crop.draw(count, generator(count))
    framed = torch.zeros(count, channels, height + 2 * margin, width + 2 * margin, dtype=torch.uint8)
    framed[:, :, margin : margin + height, margin : margin + width] = images
    expected = [framed[i, :, y : y + height, x : x + width] for i, (y, x) in enumerate(draws.tolist())]
    assert torch.equal(crop.apply(images, draws), torch.stack(expected))


def test_crop_draws_every_position() -> None:
    draws = Crop(2).draw(2000, generator())
    assert len({tuple(row) for row in draws.tolist()}) == 25


def test_no_augmentation_is_false_and_changes_nothing() -> None:
    images = random_images(3)
    assert not Augmentation(())
    assert Augmentation(("flip",))
    assert Augmentation(()).apply(images, []) is images


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("flop", r"unknown augmentation 'flop' \(did you mean 'flip'\?\)"),
        ("flip:2", "flip takes no number"),
        ("crop", "crop needs its margin in pixels; write crop:4"),
        ("crop:", "crop needs its margin"),
        ("crop:0", "crop needs its margin"),
        ("crop:x", "crop needs its margin"),
        ("crop:-1", "crop needs its margin"),
    ],
)
def test_wrong_tokens_are_refused(token: str, message: str) -> None:
    with pytest.raises(TombolaError, match=message):
        Augmentation((token,))
