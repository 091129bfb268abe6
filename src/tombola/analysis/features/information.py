"""Mutual information of pairs of units, from two-dimensional histograms (Li et al. 2015, section 3.2)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from numpy.typing import NDArray
from torch import Tensor

from tombola.analysis.features.stream import Activations
from tombola.errors import TombolaError

BINS = 20
SAMPLES = 20_000
"""Activations of a unit, evenly spread over the stream, that its bins are made of."""
ROWS = 4096


@dataclass(frozen=True)
class Information:
    """Mutual information of all pairs of units of two networks.

    Attributes
    ----------
    nats
        As the histogram gives it; NaN for dead units. On the diagonal of a network with itself: the units' entropies.
    bias
        How much of it is due to few samples, as published: bins / (2 N ln 2), with all cells of the histogram as bins.
    corrected
        Less the first-order bias of Miller and Madow: (cells in use - rows in use - columns in use + 1) / 2N.
    samples
        N: images times places.
    """

    nats: Float[NDArray[np.float64], "unit_a unit_b"]
    bias: float
    corrected: Float[NDArray[np.float64], "unit_a unit_b"]
    samples: int


def mutual_information(activations: Activations, layer: str, one: int, two: int, *, bins: int = BINS) -> Information:
    """Return the mutual information of two networks' units in a layer, in two passes over the images.

    Exact zeros (what a ReLU leaves of negative values) have a bin of their own; all other values of a unit are put into
    bins of equal shares (percentiles).

    Parameters
    ----------
    activations
        Networks and images.
    layer
        Name of the layer.
    one, two
        Numbers of the networks.
    bins
        Per unit, the one for zeros included.

    Raises
    ------
    TombolaError
        If there are fewer than three bins.
    """
    if bins < 3:
        raise TombolaError(f"bins = {bins}: three or more are needed, one of them for zeros")
    edges = [_edges(sample, bins) for sample in _samples(activations, layer, (one, two))]
    counts, samples = None, 0
    for batch in activations:
        values = [batch.layers[layer][network].flatten(0, 1) for network in (one, two)]
        for parts in zip(*(torch.split(value, ROWS) for value in values), strict=True):
            first, second = (_indicators(part, edge, bins) for part, edge in zip(parts, edges, strict=True))
            added = (first.T @ second).double()
            counts = added if counts is None else counts + added
            samples += len(parts[0])
    if counts is None:
        raise TombolaError("there are no images to compute activations of; choose another part or more images")
    units = [edge.shape[0] for edge in edges]
    return _information(counts.numpy().reshape(units[0], bins, units[1], bins).transpose(0, 2, 1, 3), samples)


def _information(counts: Float[NDArray[np.float64], "unit_a unit_b bin_a bin_b"], samples: int) -> Information:
    shares = counts / samples
    rows, columns = shares.sum(3, keepdims=True), shares.sum(2, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(shares > 0, shares * np.log(shares / (rows * columns)), 0.0)
    nats = terms.sum((2, 3))
    used = [(each > 0).sum((2, 3)) for each in (shares, rows, columns)]
    nats[(used[1] < 2) | (used[2] < 2)] = np.nan
    cells = counts.shape[2] * counts.shape[3]
    corrected = nats - (used[0] - used[1] - used[2] + 1) / (2 * samples)
    return Information(nats, cells / (2 * samples * np.log(2)), corrected, samples)


def _samples(activations: Activations, layer: str, networks: Sequence[int]) -> list[Float[Tensor, "sample unit"]]:
    """Return an even sample of the activations, in one pass."""
    found: list[list[Tensor]] = [[] for _ in networks]
    seen = step = 0
    for batch in activations:
        rows = [batch.layers[layer][network].flatten(0, 1) for network in networks]
        step = step or max(1, len(activations.images) * batch.layers[layer][0].shape[1] // SAMPLES)
        for kept, values in zip(found, rows, strict=True):
            kept.append(values[(-seen) % step :: step].clone())
        seen += len(rows[0])
    return [torch.cat(kept) for kept in found]


def _edges(sample: Float[Tensor, "sample unit"], bins: int) -> Float[Tensor, "unit edge"]:
    """Return the inner edges of the bins of what is not zero, bins - 2 of them."""
    shares = torch.linspace(0, 1, bins)[1:-1].to(sample)
    values = torch.where(sample == 0, torch.nan, sample)
    return torch.nanquantile(values, shares, dim=0).T.nan_to_num(0.0).contiguous()


def _indicators(
    values: Float[Tensor, "sample unit"], edges: Float[Tensor, "unit edge"], bins: int
) -> Float[Tensor, "sample unit*bin"]:
    columns: Int64[Tensor, "unit sample"] = torch.searchsorted(edges, values.T.contiguous(), right=True) + 1
    columns = torch.where(values.T == 0, 0, columns)
    found = torch.zeros(values.shape[1], len(values), bins)
    found.scatter_(2, columns[:, :, None], 1.0)
    return found.permute(1, 0, 2).reshape(len(values), -1)
