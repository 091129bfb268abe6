"""Sums and products of activations: all that correlations, CKA and CCA need, added up batch by batch in float64."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64
from numpy.typing import NDArray
from torch import Tensor

from tombola.analysis.features.stream import Activations
from tombola.telling import Tell, silent

ROWS = 8192
"""Samples that are turned to float64 at a time."""


@dataclass
class Moments:
    """First and second moments of the units of several networks in one layer, over samples (images times places).

    Values are taken relative to the first image's means, which keeps small variances beside large means exact.

    Attributes
    ----------
    sizes
        Units of each network.
    count
        Samples.
    shift
        What is subtracted of every unit.
    total
        Sum of every unit.
    products
        Sum of products of all pairs of units.
    low, high
        Smallest and largest value of every unit: a unit is dead if they are equal.
    norms
        By pair of networks: sum of products of the squared lengths of their activation vectors.
    leverages
        Unit by network: sum of the unit times the squared length of the network's vector. Both serve debiased CKA.
    """

    sizes: tuple[int, ...]
    shift: Float[Tensor, " unit"]
    count: float
    total: Float[Tensor, " unit"]
    products: Float[Tensor, "unit unit"]
    low: Float[Tensor, " unit"]
    high: Float[Tensor, " unit"]
    norms: Float[Tensor, "network network"]
    leverages: Float[Tensor, "unit network"]

    @classmethod
    def empty(cls, sizes: Sequence[int], shift: Float[Tensor, " unit"]) -> "Moments":
        """Return the moments of no samples."""
        units, networks = sum(sizes), len(sizes)
        zeros = torch.zeros(units, dtype=torch.float64)
        return cls(
            sizes=tuple(sizes),
            shift=shift.double(),
            count=0,
            total=zeros,
            products=torch.zeros(units, units, dtype=torch.float64),
            low=torch.full_like(zeros, torch.inf),
            high=torch.full_like(zeros, -torch.inf),
            norms=torch.zeros(networks, networks, dtype=torch.float64),
            leverages=torch.zeros(units, networks, dtype=torch.float64),
        )

    def add_(self, values: Sequence[Float[Tensor, "sample unit"]]) -> None:
        """Add samples: the activations of every network for the same images and places."""
        for parts in zip(*(torch.split(value, ROWS) for value in values), strict=True):
            raw = torch.cat([part.double() for part in parts], 1)
            self.low, self.high = torch.minimum(self.low, raw.amin(0)), torch.maximum(self.high, raw.amax(0))
            x = raw - self.shift
            lengths = torch.stack([part.square().sum(1) for part in torch.split(x, list(self.sizes), 1)], 1)
            self.count += len(x)
            self.total = self.total + x.sum(0)
            self.products.addmm_(x.T, x)
            self.norms.addmm_(lengths.T, lengths)
            self.leverages.addmm_(x.T, lengths)

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(
            self.sizes,
            self.shift,
            self.count + other.count,
            self.total + other.total,
            self.products + other.products,
            torch.minimum(self.low, other.low),
            torch.maximum(self.high, other.high),
            self.norms + other.norms,
            self.leverages + other.leverages,
        )

    def units(self, network: int) -> slice:
        """Return where a network's units lie."""
        ends = [0, *accumulate(self.sizes)]
        return slice(ends[network], ends[network + 1])

    def alive(self, network: int) -> Bool[NDArray[np.bool_], " unit"]:
        """Return which units of a network are not constant over all samples."""
        at = self.units(network)
        return np.asarray((self.high[at] > self.low[at]).numpy())

    def means(self, network: int) -> Float[NDArray[np.float64], " unit"]:
        """Return the mean activation of every unit of a network."""
        at = self.units(network)
        return np.asarray((self.total[at] / self.count + self.shift[at]).numpy())

    def covariance(self, one: int, two: int) -> Float[NDArray[np.float64], "unit unit"]:
        """Return the covariance of all units of one network with all units of another (divided by the samples)."""
        a, b = self.units(one), self.units(two)
        mean_a, mean_b = self.total[a] / self.count, self.total[b] / self.count
        return np.asarray((self.products[a, b] / self.count - torch.outer(mean_a, mean_b)).numpy())

    def correlation(self, one: int, two: int) -> Float[NDArray[np.float64], "unit unit"]:
        """Return Pearson's correlation of all units of one network with all units of another; NaN for dead units."""
        scales = []
        for network in (one, two):
            variance = np.diagonal(self.covariance(network, network))
            scales.append(np.sqrt(np.where(self.alive(network) & (variance > 0), variance, np.nan)))
        found = self.covariance(one, two) / np.outer(*scales)
        if one == two:
            np.fill_diagonal(found, np.where(np.isnan(scales[0]), np.nan, 1.0))
        return np.asarray(np.clip(found, -1, 1))


@dataclass(frozen=True)
class Observation:
    """What was seen of networks in one pass over the images.

    Attributes
    ----------
    even, odd
        Layer -> moments over every other image, from the first or the second; their sum is over all. Predictions are
        fitted on one half and judged on the other.
    classes
        By network and image: the predicted class.
    """

    even: Mapping[str, Moments]
    odd: Mapping[str, Moments]
    classes: Int64[NDArray[np.int64], "network image"]

    def moments(self, layer: str) -> Moments:
        """Return a layer's moments over all images."""
        return self.even[layer] + self.odd[layer]


def observe(activations: Activations, tell: Tell = silent) -> Observation:
    """Pass all images through all networks once and add up the moments of every layer; `tell` hears how many images.

    Raises
    ------
    TombolaError
        If networks, layers or images do not fit.
    """
    halves: tuple[dict[str, Moments], dict[str, Moments]] = ({}, {})
    classes, seen = [], 0
    for batch in activations:
        for layer, values in batch.layers.items():
            for parity, half in enumerate(halves):
                chosen = batch.images % 2 == parity
                if layer not in half:
                    shift = torch.cat([value[0].double().mean(0) for value in values])
                    half[layer] = Moments.empty([value.shape[-1] for value in values], shift)
                if chosen.any():
                    half[layer].add_([value[chosen].flatten(0, 1) for value in values])
        classes.append(np.stack([predicted.numpy() for predicted in batch.classes]))
        seen += len(batch.images)
        tell("images", seen, len(activations.images))
    return Observation(*halves, np.concatenate(classes, 1))
