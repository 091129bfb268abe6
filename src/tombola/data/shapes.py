"""Coloured shapes on cluttered ground, made by arithmetic alone: images whose objects are known to the pixel.

Every pixel follows from one constant seed through additions, multiplications, divisions and comparisons of float64
(no transcendental functions, no library's random distributions), so the set is the same on every machine. It is made
for explanations: a class is told by the outline alone, and box and mask of the object say where an explanation of the
right decision has to look (reference explainability.md, section 2.5).
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float64, Int64, UInt8
from numpy.typing import NDArray

from tombola.data.dataset import Part
from tombola.data.outlines import OUTLINES
from tombola.data.source import Images, Source, Survey, register
from tombola.data.split import Sizes
from tombola.specs import DataSpec

SIDE, FINER = 32, 2
"""Pixels of a side, and points per pixel and direction that outlines are evaluated at."""

SEED = 20230814
TRAIN, VALIDATION, TEST = 3000, 500, 500
CHUNK = 250
RADII = (7.0, 11.0)
"""Of the circle around an object, in pixels."""
STROKES, DOTS = 3, 6
"""Distractors per image, which belong to no class."""
CONTRAST = 200.0
"""Least distance of the object's colour from the mean of the ground, summed over channels."""
GRAIN = 16.0
"""Half the range of the noise of single pixels."""


class Scene(NamedTuple):
    """Images, labels, and where the object is."""

    images: UInt8[np.ndarray, "n 3 h w"]
    labels: Int64[np.ndarray, " n"]
    objects: Bool[np.ndarray, "n h w"]
    boxes: Int64[np.ndarray, "n 4"]


@register("shapes")
class Shapes(Source):
    """Six shapes, made when asked for."""

    title = "coloured shapes on cluttered ground with boxes and masks of the objects, made by Tombola, 32x32"
    terms = "made by this program; use as you like"
    address = "https://arxiv.org/abs/2302.08878"
    shape = (3, SIDE, SIDE)
    classes = tuple(OUTLINES)
    official = Sizes(TRAIN + VALIDATION, 0, TEST)

    def survey(self, folder: Path | None, spec: DataSpec) -> Survey:
        """Return the sizes, which are known."""
        return Survey((3, SIDE, SIDE), self.classes, TRAIN + VALIDATION, TEST)

    def read(self, folder: Path | None, spec: DataSpec) -> Images:
        """Return the set, its test part the same for every seed."""
        rest, test = (_part(which) for which in (slice(0, TRAIN + VALIDATION), slice(TRAIN + VALIDATION, None)))
        return Images(self.classes, rest, test)

    def default_validation(self, train: int) -> int:
        """Return the usual size."""
        return VALIDATION


def _part(which: slice) -> Part:
    images, labels, objects, boxes = (torch.from_numpy(array[which]) for array in made())
    return Part(images, labels, None, boxes, objects)


@cache
def made() -> Scene:
    """Return all images, made once in a process (one or two seconds)."""
    stream = np.random.PCG64(SEED)  # of which NumPy guarantees raw words (NEP 19)
    chunks = [_chunk(start, stream) for start in range(0, TRAIN + VALIDATION + TEST, CHUNK)]
    return Scene(*(np.concatenate(parts) for parts in zip(*chunks, strict=True)))


def _uniform(stream: np.random.PCG64, low: float, high: float, *shape: int) -> NDArray[np.float64]:
    words = stream.random_raw(int(np.prod(shape))) >> np.uint64(11)
    return low + (high - low) * (words.astype(np.float64) / 2.0**53).reshape(shape)


def _chunk(start: int, stream: np.random.PCG64) -> Scene:
    labels = (np.arange(start, start + CHUNK) % len(OUTLINES)).astype(np.int64)
    ground = _ground(stream)
    mean = ground.mean((2, 3), keepdims=True)
    coverage = _coverage(labels, stream)
    objects = coverage >= 0.5
    colour = _uniform(stream, 110, 255, CHUNK, 3, 1, 1)
    far = np.abs(colour - mean).sum(1, keepdims=True) >= CONTRAST
    colour = np.where(far, colour, 255.0 - 0.3 * (255.0 - colour))
    shade = _plane(stream, 30.0)
    painted = ground + coverage[:, None] * (colour + shade - ground)
    painted = painted + _uniform(stream, -GRAIN, GRAIN, CHUNK, 3, SIDE, SIDE)
    images = np.floor(painted.clip(0.0, 255.0) + 0.5).astype(np.uint8)
    return Scene(images, labels, objects, boxes_of(objects))


def _ground(stream: np.random.PCG64) -> Float64[np.ndarray, "n 3 h w"]:
    """Return patches of colour that run into each other, a slope of light, strokes and dots."""
    base = _uniform(stream, 20, 120, CHUNK, 3, 1, 1)
    ground = base + _patches(stream, 4, 45.0) + _patches(stream, 10, 25.0) + _plane(stream, 30.0)
    for length, width, count in ((5.0, 0.9, STROKES), (0.0, 1.5, DOTS)):
        for _ in range(count):
            ground = _stroke(ground, stream, length, width)
    return np.asarray(ground)


def _patches(stream: np.random.PCG64, cells: int, strength: float) -> Float64[np.ndarray, "n 3 h w"]:
    """Return noise of a coarse grid, interpolated between its points."""
    grid = _uniform(stream, -strength, strength, CHUNK, 3, cells + 1, cells + 1)
    place = (np.arange(SIDE) + 0.5) * cells / SIDE
    first = place.astype(np.int64)
    part = place - first
    rows = grid[:, :, first] * (1 - part)[:, None] + grid[:, :, first + 1] * part[:, None]
    columns: Float64[np.ndarray, "n 3 h w"] = rows[..., first] * (1 - part) + rows[..., first + 1] * part
    return columns


def _plane(stream: np.random.PCG64, strength: float) -> NDArray[np.float64]:
    """Return a slope of light: (n, 1, h, w)."""
    slope = _uniform(stream, -strength, strength, 2, CHUNK, 1, 1, 1)
    line = (np.arange(SIDE) + 0.5) / SIDE - 0.5
    return np.asarray(slope[0] * line[:, None] + slope[1] * line)


def _stroke(
    ground: Float64[np.ndarray, "n 3 h w"], stream: np.random.PCG64, length: float, width: float
) -> Float64[np.ndarray, "n 3 h w"]:
    """Paint a stroke of random colour, place and direction into every image; one without length is a dot."""
    x, y = _uniform(stream, 0, SIDE, 2, CHUNK, 1, 1)
    dx, dy = _uniform(stream, -length, length, 2, CHUNK, 1, 1)
    colour = _uniform(stream, 0, 255, CHUNK, 3, 1, 1)
    across, down = np.arange(SIDE) + 0.5 - x, (np.arange(SIDE) + 0.5)[:, None] - y
    # the nearest point of the segment: its share of the length, within it
    share = ((across * dx + down * dy) / (dx * dx + dy * dy + 1e-9)).clip(0.0, 1.0)
    distance = np.square(across - share * dx) + np.square(down - share * dy)
    return np.where((distance <= width * width)[:, None], colour, ground)


def _coverage(labels: Int64[np.ndarray, " n"], stream: np.random.PCG64) -> Float64[np.ndarray, "n h w"]:
    """Return the share of every pixel that the object covers."""
    radius = _uniform(stream, *RADII, CHUNK, 1, 1)
    x, y = radius + 1 + _uniform(stream, 0, 1, 2, CHUNK, 1, 1) * (SIDE - 2 * radius - 2)
    half = _uniform(stream, -0.27, 0.27, CHUNK, 1, 1)  # tangent of half the angle: any angle up to 30 degrees
    cos, sin = (1 - half * half) / (1 + half * half), 2 * half / (1 + half * half)
    points = (np.arange(SIDE * FINER) + 0.5) / FINER
    across, down = (points - x) / radius, (points[:, None] - y) / radius
    u, v = across * cos + down * sin, down * cos - across * sin
    inside = np.empty(u.shape, np.float64)
    for label, outline in enumerate(OUTLINES.values()):
        inside[labels == label] = outline(u[labels == label], v[labels == label])
    blocks = inside.reshape(len(labels), SIDE, FINER, SIDE, FINER)
    coverage: Float64[np.ndarray, "n h w"] = blocks.sum((2, 4)) / FINER**2
    return coverage


def boxes_of(objects: Bool[np.ndarray, "n h w"]) -> Int64[np.ndarray, "n 4"]:
    """Return the smallest boxes around masks: left, top, right, bottom, the last two exclusive.

    Examples
    --------
    >>> boxes_of(np.array([[[False, True, True], [False, True, False]]]))
    array([[1, 0, 3, 2]])
    """
    rows, columns = np.asarray(objects.any(2)), np.asarray(objects.any(1))
    first = columns.argmax(1), rows.argmax(1)
    last = columns.shape[1] - columns[:, ::-1].argmax(1), rows.shape[1] - rows[:, ::-1].argmax(1)
    return np.stack([*first, *last], 1).astype(np.int64)
