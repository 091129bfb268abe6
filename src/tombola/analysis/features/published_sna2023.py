"""Similarity of activations as published in the sparse-network analysis of 2023: a linear stand-in of the networks.

Its "activations" are not those of the networks: there is no activation function, no bias, no batch norm, no stride and
no shortcut. `tombola.analysis.features.observe` has the networks' own (sparse-analysis reference, section 7.6).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from tombola.analysis.features.moments import Moments
from tombola.analysis.features.partners import bipartite_matching, semi_matching
from tombola.analysis.material import NetworkView, common_layers
from tombola.errors import TombolaError, nearest

IMAGES = 600
BATCH = 50

Matching = Literal["max", "min", "semi"]
MATCHINGS: dict[str, Callable[[NDArray[np.float64]], float]] = {
    "max": lambda similarity: float(similarity[_all(similarity), bipartite_matching(similarity).unit].mean()),
    "min": lambda similarity: float(
        similarity[_all(similarity), bipartite_matching(similarity, goal="min").unit].mean()
    ),
    "semi": lambda similarity: float(semi_matching(similarity).value.mean()),
}


@dataclass(frozen=True)
class LinearSimilarity:
    """Similarity of all pairs of networks by the linear pipeline.

    Attributes
    ----------
    layers
        By layer, pair of networks: mean correlation of matched units.
    correlations
        Layer -> moments, from which correlations come.
    """

    names: tuple[str, ...]
    layers: Float[NDArray[np.float64], "layer network network"]
    moments: dict[str, Moments]

    @property
    def networks(self) -> Float[NDArray[np.float64], "network network"]:
        """Mean over layers; 1 on the diagonal."""
        found = self.layers.mean(0)
        np.fill_diagonal(found, 1.0)
        return np.asarray(found)

    def correlation(self, layer: str, one: int, two: int) -> Float[NDArray[np.float64], "unit unit"]:
        """Return the correlations of a layer's units, 0 where a unit is constant."""
        return np.nan_to_num(self.moments[layer].correlation(one, two))


def linear_similarity_sna2023(
    views: Sequence[NetworkView], images: Float[Tensor, "image ..."], *, matching: Matching = "max"
) -> LinearSimilarity:
    """Return the published similarity of activations: masked weights one after the other, the first image twice.

    Linear networks are chains of matrix products on the pixels. In others every convolution is applied with stride 1 to
    the result of the one before (padded by half its kernel), then maps are averaged and the last layer applied.
    Correlations of constant units count as 0; all units are matched, dead ones too.

    Parameters
    ----------
    views
        Networks of equal layers, a plain chain.
    images
        Normalised; 600 random training images in the publication.
    matching
        ``max`` (one-to-one, most similar), ``min`` (one-to-one, least similar), ``semi`` (each unit's best).

    Raises
    ------
    TombolaError
        If the matching does not exist, or layers do not make a chain.
    """
    if matching not in MATCHINGS:
        raise TombolaError(f"matching = '{matching}'{nearest(matching, MATCHINGS)}")
    layers = common_layers(views)
    weights = [[torch.from_numpy(view.weights(layer.name)) for layer in view.layers] for view in views]
    moments: dict[str, Moments] = {}
    batches = [images[:1], *torch.split(images, BATCH)]
    for batch in batches:
        seen = [_propagated(chain, batch) for chain in weights]
        for number, layer in enumerate(layers):
            values = [one[number] for one in seen]
            if layer.name not in moments:
                shift = torch.cat([value.double().mean(0) for value in values])
                moments[layer.name] = Moments.empty([value.shape[1] for value in values], shift)
            moments[layer.name].add_(values)
    names = tuple(layer.name for layer in layers)
    found = np.zeros((len(names), len(views), len(views)))
    for number, name in enumerate(names):
        for one in range(len(views)):
            for two in range(one, len(views)):
                similarity = np.nan_to_num(moments[name].correlation(one, two))
                found[number, one, two] = found[number, two, one] = MATCHINGS[matching](similarity)
    return LinearSimilarity(names, found, moments)


def _propagated(weights: Sequence[Tensor], images: Tensor) -> list[Float[Tensor, "sample unit"]]:
    """Return the units of every layer, places of maps as samples."""
    found, x = [], images if weights[0].ndim == 4 else images.flatten(1)
    for number, weight in enumerate(weights):
        inputs = weight.shape[1]
        if weight.ndim == 4:
            if x.ndim != 4 or x.shape[1] != inputs:
                raise TombolaError(f"layer {number + 1} takes {inputs} channels; the published pipeline needs a chain")
            x = F.conv2d(x, weight, padding=(weight.shape[2] // 2, weight.shape[3] // 2))
            found.append(x.movedim(1, -1).flatten(0, -2))
            continue
        x = x.mean((2, 3)) if x.ndim == 4 else x
        if x.shape[1] != inputs:
            raise TombolaError(
                f"layer {number + 1} takes {inputs} numbers and is given {x.shape[1]}: the published pipeline averages "
                "maps before the first linear layer; use the analysis 'features' for networks that flatten them"
            )
        x = x @ weight.T
        found.append(x)
    return found


def _all(similarity: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.arange(len(similarity))
