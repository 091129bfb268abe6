"""How numbers of a map become colours."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, UInt8

from tombola.errors import TombolaError, nearest


@dataclass(frozen=True)
class ColourScale:
    """From values between 0 and 1 to colours.

    Attributes
    ----------
    colours
        Matplotlib's name of the colours.
    opacity
        How much of the colour, and how little of the image, an overlay has.
    power
        Values are raised to this power first.
    """

    colours: str
    opacity: float
    power: int = 1

    def __call__(self, values: Float[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w 3"]:
        """Return the colours of values, which are clamped to [0, 1]."""
        from matplotlib import colormaps

        coloured = colormaps[self.colours](np.clip(values, 0, 1) ** self.power, bytes=True)
        return np.ascontiguousarray(coloured[..., :3])


SCALES: Final = {"viridis": ColourScale("viridis", opacity=0.55), "jet": ColourScale("jet", opacity=0.3, power=2)}
"""``viridis`` is perceptually uniform and readable without colour vision; ``jet`` approximates the published study."""


def scale_named(name: str) -> ColourScale:
    """Return a colour scale by name, or raise one sentence that lists them."""
    if name not in SCALES:
        raise TombolaError(f"scale = '{name}'{nearest(name, SCALES)}")
    return SCALES[name]
