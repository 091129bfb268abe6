"""What a distance between two networks is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tombola.analysis.distances.settings import Settings
from tombola.analysis.distances.wiring import Permutations


@dataclass(frozen=True)
class LayerDistance:
    """One layer of two networks that are laid upon each other.

    Attributes
    ----------
    layer
        Its name.
    value
        What counts as the layer's distance by the entry: mean or pooled.
    mean
        Mean distance of matched units, of those that the settings count; NaN where there are none.
    pooled
        Distance of the two layers as one long unit each.
    unordered
        As `mean`, with the units of the second network as they come.
    units
        Units of the layer.
    empty
        Matched pairs that are empty on both sides.
    """

    layer: str
    value: float
    mean: float
    pooled: float
    unordered: float
    units: int
    empty: int


@dataclass(frozen=True)
class NetworkDistance:
    """The distance of two networks.

    Attributes
    ----------
    entry
        Which definition, as registered.
    one, two
        Labels of the networks.
    layers
        By layer.
    settings
        What the definition leaves open; as published entries ignore it but for where they compute.
    permutations
        Group -> unit of the second network at each place of the first.
    trace
        Mean distance after each proposal of a local search; empty elsewhere.
    """

    entry: str
    one: str
    two: str
    layers: tuple[LayerDistance, ...]
    settings: Settings
    permutations: Permutations = field(default_factory=dict, repr=False)
    trace: tuple[float, ...] = field(default=(), repr=False)

    @property
    def value(self) -> float:
        """Mean over layers; layers without a value (nothing but empty pairs) are left out."""
        return _mean([layer.value for layer in self.layers])

    @property
    def pooled(self) -> float:
        """Mean over layers of the pooled values."""
        return _mean([layer.pooled for layer in self.layers])

    @property
    def unordered(self) -> float:
        """Mean over layers before any alignment."""
        return _mean([layer.unordered for layer in self.layers])

    def by_layer(self) -> Mapping[str, LayerDistance]:
        """Return the layers by name."""
        return {layer.layer: layer for layer in self.layers}


def _mean(values: list[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
