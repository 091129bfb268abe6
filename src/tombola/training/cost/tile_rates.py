"""The rates of the sparse engine's kernels: what `sparse_rates.py` measures and `sparse_cost.py` adds up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WIDTHS = (1, 2, 4, 8, 16)
"""Vectors of 16 samples that a kernel takes at a time."""

STREAM = 1 << 18
"""Survivors that no longer stay in the second-level cache."""


@dataclass(frozen=True)
class TileRates:
    """Costs of a kernel for tiles of one width, in nanoseconds.

    Attributes
    ----------
    width
        Vectors of the tile.
    row
        Of the first block of a row whose sums are in the cache.
    far
        The same in maps too large for the cache, in the layout of maps.
    again
        Of each further block of a row of such maps.
    survivors
        By bytes that the survivors of a row draw from: (bytes, cost of a survivor).
    stream
        More for a survivor, where survivors are too many to stay in the cache.
    """

    width: int
    row: float
    far: float
    again: float
    survivors: list[tuple[float, float]]
    stream: float

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "TileRates":
        """Return the rates of plain data."""
        curve = [(float(size), float(cost)) for size, cost in plain["survivors"]]
        return cls(
            int(plain["width"]),
            float(plain["row"]),
            float(plain["far"]),
            float(plain["again"]),
            curve,
            float(plain["stream"]),
        )


@dataclass(frozen=True)
class SparseRates:
    """Costs in nanoseconds.

    Attributes
    ----------
    sums, dots
        Weighted sums (forward, input gradient) and weight gradients, by width of the tile.
    permute, optimiser
        By survivors: (survivors, cost of one).
    element
        Of 16 samples of one value, by operation (``gather``, ``relu``, ``tanh``, ``add``, ``pool``, ``pool_back``,
        ``norm``, ``norm_back``, ``turn``, ``turn_back``, ``loss``) and by bytes of the map.
    step
        Of a step, whatever the network.
    """

    sums: dict[int, TileRates]
    dots: dict[int, TileRates]
    permute: list[tuple[float, float]]
    optimiser: list[tuple[float, float]]
    element: dict[str, list[tuple[float, float]]]
    step: float
