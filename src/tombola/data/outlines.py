"""Outlines of shapes: which points of a plane lie inside, within the unit circle around the origin, y downwards."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Inside = NDArray[np.bool_]

ROOT_OF_3 = 1.7320508075688772
STAR = (
    (0.0, -1.0),
    (0.9510565162951535, -0.3090169943749474),
    (0.5877852522924731, 0.8090169943749475),
    (-0.5877852522924731, 0.8090169943749475),
    (-0.9510565162951535, -0.3090169943749474),
)
"""The tips of a five-pointed star."""
WAIST = 0.3090169943749474
"""Distance of the lines between its tips from the centre."""


def disc(u: Points, v: Points) -> Inside:
    """Return what lies in a disc."""
    return u * u + v * v <= 0.81


def ring(u: Points, v: Points) -> Inside:
    """Return what lies in a ring."""
    square = u * u + v * v
    return (square <= 0.9025) & (square >= 0.25)


def square(u: Points, v: Points) -> Inside:
    """Return what lies in a square."""
    return np.maximum(np.abs(u), np.abs(v)) <= 0.72


def triangle(u: Points, v: Points) -> Inside:
    """Return what lies in an equilateral triangle with a tip on top."""
    return (v <= 0.5) & (ROOT_OF_3 * np.abs(u) <= v + 1.0)


def cross(u: Points, v: Points) -> Inside:
    """Return what lies in a cross of two bars."""
    return (np.minimum(np.abs(u), np.abs(v)) <= 0.3) & (np.maximum(np.abs(u), np.abs(v)) <= 0.92)


def star(u: Points, v: Points) -> Inside:
    """Return what lies in a five-pointed star: within four of five lines at least."""
    within = [np.asarray(x * u + y * v >= -WAIST, np.int64) for x, y in STAR]
    return np.asarray(sum(within) >= 4)


OUTLINES: dict[str, Callable[[Points, Points], Inside]] = {
    "disc": disc,
    "ring": ring,
    "square": square,
    "triangle": triangle,
    "cross": cross,
    "star": star,
}
"""By class name, in class order."""
