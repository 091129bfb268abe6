import numpy as np
import pytest
import torch

from tombola.data import as_part
from tombola.errors import TombolaError


def test_bytes_are_taken_as_they_are(rng: np.random.Generator) -> None:
    images = rng.integers(0, 256, (7, 3, 4, 5), dtype=np.uint8)
    part = as_part(images, np.arange(7, dtype=np.int32))
    assert part.images.dtype == torch.uint8
    assert part.labels.dtype == torch.int64
    assert np.array_equal(part.images.numpy(), images)


def test_grey_images_get_a_channel_and_tensors_are_welcome() -> None:
    part = as_part(torch.zeros(2, 4, 5, dtype=torch.uint8), torch.tensor([1, 0]))
    assert part.images.shape == (2, 1, 4, 5)
    assert part.labels.tolist() == [1, 0]


def test_exact_floats_become_bytes_in_silence(recwarn: pytest.WarningsRecorder) -> None:
    levels = np.arange(256, dtype=np.float32).reshape(1, 16, 16)
    assert as_part(levels / 255, [0]).images.reshape(-1).tolist() == list(range(256))
    assert not recwarn.list


def test_rounded_floats_are_announced() -> None:
    with pytest.warns(UserWarning, match="256 steps"):
        part = as_part(np.full((1, 2, 2), 0.5), [0])
    assert part.images.unique().tolist() == [128]


def test_read_only_arrays_are_copied() -> None:
    images = np.frombuffer(bytes(4), np.uint8).reshape(1, 2, 2)
    as_part(images, [0]).images[0] = 1
    assert images.max() == 0


@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        (np.zeros((2, 4), np.uint8), [0, 1], "neither (n, h, w) nor"),
        (np.zeros((2, 28, 28, 3), np.uint8), [0, 1], "transpose(0, 3, 1, 2)"),
        (np.zeros((2, 4, 4), np.int64), [0, 1], "neither uint8"),
        (np.full((2, 4, 4), 255.0), [0, 1], "floats must lie in [0, 1]"),
        (np.full((2, 4, 4), np.nan), [0, 1], "floats must lie in [0, 1]"),
        (np.zeros((2, 4, 4), np.uint8), [0], "2 images but 1 labels"),
        (np.zeros((0, 4, 4), np.uint8), np.zeros(0, np.int64), "there are none"),
        (np.zeros((2, 0, 4), np.uint8), [0, 1], "neither (n, h, w) nor"),
        (np.zeros((2, 4, 4), np.uint8), [0, -1], "label -1 is negative"),
        (np.zeros((2, 4, 4), np.uint8), [0.0, 1.0], "whole numbers"),
        (np.zeros((2, 4, 4), np.uint8), [[0], [1]], "shape (2, 1)"),
    ],
)
def test_anything_else_is_refused(images: object, labels: object, words: str) -> None:
    with pytest.raises(TombolaError) as caught:
        as_part(images, labels, "mine")
    assert words in str(caught.value)
    assert str(caught.value).startswith("mine")
