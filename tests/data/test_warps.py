import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tombola.data.augment import Augmentation
from tombola.data.warps import ResizedCrop, Rotation, VerticalFlip
from tombola.errors import TombolaError


def random_images(count: int, channels: int = 3, height: int = 9, width: int = 9) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(1, 256, (count, channels, height, width), dtype=torch.uint8, generator=generator)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def degrees(*angles: float) -> torch.Tensor:
    return torch.tensor(angles, dtype=torch.float64)


def test_vflip_turns_upside_down_where_drawn() -> None:
    images = random_images(2, height=5)
    turned = VerticalFlip().apply(images, torch.tensor([True, False]))
    assert torch.equal(turned[0, :, 0], images[0, :, -1])
    assert torch.equal(turned[0].flip(1), images[0])
    assert torch.equal(turned[1], images[1])
    assert 450 < int(VerticalFlip().draw(1000, generator()).sum()) < 550


@pytest.mark.parametrize("side", [8, 9])
def test_quarter_turns_are_exact(side: int) -> None:
    images = random_images(4, height=side, width=side)
    turned = Rotation(180).apply(images, degrees(0, 90, -90, 180))
    for image, result, quarters in zip(images, turned, (0, 1, -1, 2), strict=True):
        assert torch.equal(result, image.rot90(quarters, (1, 2)))


@settings(max_examples=20)
@given(st.floats(-180, 180), st.integers(5, 30), st.integers(5, 30))
def test_rotation_is_that_of_the_image_library(angle: float, height: int, width: int) -> None:
    image = random_images(1, 1, height, width)
    ours = Rotation(180).apply(image, degrees(angle))[0, 0].numpy()
    theirs = np.asarray(Image.fromarray(image[0, 0].numpy()).rotate(angle, Image.Resampling.NEAREST))
    # points that fall between two pixels may go to either
    assert (ours != theirs).mean() <= 0.1


def test_rotation_blackens_the_corners_and_nothing_else() -> None:
    images = torch.full((1, 3, 40, 40), 200, dtype=torch.uint8)
    turned = Rotation(45).apply(images, degrees(45))
    assert set(turned.unique().tolist()) == {0, 200}
    assert (turned[0, :, [0, 0, -1, -1], [0, -1, 0, -1]] == 0).all()
    share = float((turned == 200).float().mean())
    assert share == pytest.approx(2 * (math.sqrt(2) - 1), abs=0.02)  # the octagon both squares share


def test_angles_are_uniform_within_the_limit() -> None:
    draws = Rotation(10).draw(4000, generator())
    assert draws.abs().max() <= 10
    assert draws.abs().max() > 9.9
    assert abs(float(draws.mean())) < 0.3
    assert float(draws.std()) == pytest.approx(20 / math.sqrt(12), rel=0.03)


def test_resized_crop_of_everything_is_the_image() -> None:
    images = random_images(3)
    draws = torch.tensor([[1.0, 0.3, -0.7]] * 3, dtype=torch.float64)
    assert torch.equal(ResizedCrop(0.5).apply(images, draws), images)


def test_resized_crop_enlarges_a_window_at_its_place() -> None:
    images = torch.zeros(1, 1, 16, 16, dtype=torch.uint8)
    images[..., :8, 8:] = 240
    corner = ResizedCrop(0.1).apply(images, torch.tensor([[0.5, 1.0, -1.0]], dtype=torch.float64))
    assert (corner[..., :-1, 1:] == 240).all()  # the upper right quarter, but for the seam
    opposite = ResizedCrop(0.1).apply(images, torch.tensor([[0.5, -1.0, 1.0]], dtype=torch.float64))
    assert (opposite[..., 1:, :-1] == 0).all()


def test_resized_crop_keeps_shares_of_the_area() -> None:
    draws = ResizedCrop(0.4).draw(4000, generator())
    area = draws[:, 0] ** 2
    assert area.min() >= 0.4
    assert area.max() <= 1
    assert float(area.mean()) == pytest.approx(0.7, abs=0.01)
    assert draws[:, 1:].abs().max() <= 1


def test_the_published_order_is_kept() -> None:
    # section 2.3: flip, flip, rotation; the other way round gives other pictures
    images = random_images(6, height=20, width=20)
    tokens = ("flip", "vflip", "rotate:10")
    augmentation = Augmentation(tokens)
    draws = augmentation.draw(6, generator())
    expected = images
    for token, drawn in zip(tokens, draws, strict=True):
        expected = Augmentation((token,)).apply(expected, [drawn])
    assert torch.equal(augmentation.apply(images, draws), expected)
    assert not torch.equal(Augmentation(tokens[::-1]).apply(images, draws[::-1]), expected)


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("vflip:2", "vflip takes no number"),
        ("rotate", "rotate needs its largest angle"),
        ("rotate:0", "write rotate:10"),
        ("rotate:181", "write rotate:10"),
        ("rotate:-5", "write rotate:10"),
        ("resized-crop", "smallest share of the area"),
        ("resized-crop:1", "between 0 and 1"),
        ("resized-crop:0", "between 0 and 1"),
    ],
)
def test_wrong_numbers(token: str, message: str) -> None:
    with pytest.raises(TombolaError, match=message):
        Augmentation((token,))
