"""What every two of several masks have in common, layer by layer: a few matrix products in place of loops."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from tombola.analysis.material import NetworkView, common_layers

BLOCK: Final = 2**18
"""Weights that are multiplied at a time: counts stay exact in float32, memory small."""


@dataclass(frozen=True, eq=False)
class Common:
    """Counts of one layer for every two networks.

    Attributes
    ----------
    size
        Weights of the layer.
    kept
        Kept in common; the diagonal is what each keeps.
    signed
        Kept in common and not zero in either.
    positive
        Of these, positive in the first network.
    both_positive, both_negative
        Of these, positive (negative) in both.
    by_input, by_input_variance
        What chance would give if each network kept as many weights of every input as it does, and the variance.
    """

    size: int
    kept: Int[np.ndarray, "network network"]
    signed: Int[np.ndarray, "network network"]
    positive: Int[np.ndarray, "network network"]
    both_positive: Int[np.ndarray, "network network"]
    both_negative: Int[np.ndarray, "network network"]
    by_input: Float[np.ndarray, "network network"]
    by_input_variance: Float[np.ndarray, "network network"]


def common_counts(views: Sequence[NetworkView]) -> dict[str, Common]:
    """Return what every two networks have in common in each layer.

    Raises
    ------
    TombolaError
        If their layers differ.
    """
    layers = common_layers(views)
    return {layer.name: _layer(views, position) for position, layer in enumerate(layers)}


def _layer(views: Sequence[NetworkView], position: int) -> Common:
    names = [view.layers[position].name for view in views]
    keep = np.stack([view.keep(name).reshape(-1) for view, name in zip(views, names, strict=True)])
    signs = np.stack(
        [np.sign(view.weights(name)).astype(np.int8).reshape(-1) for view, name in zip(views, names, strict=True)]
    )
    shape = views[0].layers[position].shape
    positive, negative = signs > 0, signs < 0
    per_input = keep.reshape(len(views), shape[0], -1).sum(1).astype(np.float64)
    free, outputs = per_input * (shape[0] - per_input), shape[0]
    return Common(
        size=keep.shape[1],
        kept=_products(keep, keep),
        signed=_products(signs != 0, signs != 0),
        positive=_products(positive, signs != 0),
        both_positive=_products(positive, positive),
        both_negative=_products(negative, negative),
        by_input=per_input @ per_input.T / outputs,
        by_input_variance=free @ free.T / (outputs**2 * max(outputs - 1, 1)),
    )


def _products(one: NDArray[np.bool_], two: NDArray[np.bool_]) -> NDArray[np.int64]:
    total = np.zeros((len(one), len(two)), np.int64)
    for start in range(0, one.shape[1], BLOCK):
        part = slice(start, start + BLOCK)
        total += np.rint(one[:, part].astype(np.float32) @ two[:, part].astype(np.float32).T).astype(np.int64)
    return total
