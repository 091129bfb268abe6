"""Which pixels of an image are the most important ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
from jaxtyping import Bool, Float

from tombola.errors import TombolaError, nearest
from tombola.explain.normalising import degenerate_maps
from tombola.explain.render.count import pixel_count
from tombola.explain.render.upsample import upsample

ON_SHORT: Final = ("shrink", "fill")


@dataclass(frozen=True, eq=False)
class Choice:
    """The most important pixels.

    Attributes
    ----------
    visible
        Which they are.
    fillers
        How many of those asked for have no positive value.
    degenerate
        Whether there is nothing to choose by; then no pixel is visible.
    """

    visible: Bool[np.ndarray, "h w"]
    fillers: int
    degenerate: bool


def top_pixels(
    values: Float[np.ndarray, "y x"],
    size: tuple[int, int],
    q: str | float | Decimal | Sequence[str | float | Decimal] = "0.1",
    count: str = "floor",
    on_short: str = "shrink",
    kernel: str = "bicubic",
) -> list[Choice]:
    """Return the share q of an image that a map holds most important, for each q.

    Pixels are ordered by (value descending, row ascending, column ascending), and the first k are chosen
    (explainability reference, section 6.2). A constant map chooses nothing, nor does one without positive
    values, unless it is filled.

    Parameters
    ----------
    values
        A finite map.
    size
        Height and width of the image.
    q, count
        See `tombola.explain.render.count.pixel_count`.
    on_short
        Where fewer than k pixels are positive: ``shrink`` to those; ``fill`` up in the order above.
    kernel
        See `tombola.explain.render.upsample`.

    Raises
    ------
    TombolaError
        If an option is not one of these.
    """
    if on_short not in ON_SHORT:
        raise TombolaError(f"on_short = '{on_short}'{nearest(on_short, ON_SHORT)}")
    shares = [q] if isinstance(q, str | float | int | Decimal) else list(q)
    counts = [pixel_count(share, size[0] * size[1], count) for share in shares]
    flat = upsample(values, size, kernel).ravel()
    # judged before upsampling, which makes differences by rounding and positive values by overshooting
    degenerate = bool(degenerate_maps(values[None])[0])
    positive = int((flat > 0).sum()) if values.max() > 0 and not degenerate else 0
    degenerate = degenerate or (on_short == "shrink" and not positive)
    order = np.argsort(-flat, kind="stable")
    found = []
    for wanted in counts:
        shown = 0 if degenerate else wanted if on_short == "fill" else min(wanted, positive)
        visible = np.zeros(flat.size, dtype=bool)
        visible[order[:shown]] = True
        found.append(Choice(visible.reshape(size), max(0, wanted - positive), degenerate))
    return found
