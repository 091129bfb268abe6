"""Networks without structure to compare with: the null models of distances.

Sparse-analysis reference, section 8. A null model is a function of a network and a random generator; it returns a
network of the same shape in which one thing is left as it was and all else is drawn at random.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float

from tombola.analysis.distances.network import Network
from tombola.analysis.distances.units import Units
from tombola.registry import Registry

NullModel = Callable[[Network, np.random.Generator], Network]

null_models: Registry[NullModel] = Registry("null model")

ROUNDS = 5
"""Trades per row of a degree-preserving shuffle; five of them leave nothing of where it began (Strona et al. 2014)."""


@null_models.register("density")
def density_matched(network: Network, random: np.random.Generator) -> Network:
    """Draw as many survivors from all weights of the network; values are drawn from those of their layer."""
    sizes = np.array([units.keep.size for units in network.layers.values()])
    survivors = sum(int(units.keep.sum()) for units in network.layers.values())
    counts = random.multivariate_hypergeometric(sizes, survivors)
    everywhere = np.concatenate([_survivors(units) for units in network.layers.values()])
    layers = {}
    for (name, units), count in zip(network.layers.items(), counts.tolist(), strict=True):
        own = _survivors(units) if units.keep.any() else everywhere
        drawn = random.choice(own, count, replace=count > len(own)) if count else own[:0]
        layers[name] = _scattered(units, drawn, random)
    return _with(network, layers)


@null_models.register("layer-density")
def layer_density_matched(network: Network, random: np.random.Generator) -> Network:
    """Move the survivors of each layer to random places within it: kept counts and values per layer stay."""
    return _with(network, {n: _scattered(u, _survivors(u), random) for n, u in network.layers.items()})


@null_models.register("degree")
def degree_preserving(network: Network, random: np.random.Generator) -> Network:
    """Trade survivors between units so that survivors per unit and per input stay; values stay in their unit.

    The curveball algorithm (Strona et al. 2014, A fast and unbiased procedure to randomize ecological binary matrices).
    Inputs of a filter are its taps: channel and place in the kernel.
    """
    layers = {}
    for name, units in network.layers.items():
        keep = curveball(units.keep, random)
        values = np.zeros_like(units.values)
        for row in np.flatnonzero(units.sizes):
            values[row, keep[row]] = random.permutation(units.values[row, units.keep[row]])
        layers[name] = Units(keep, values)
    return _with(network, layers)


@null_models.register("signs")
def sign_shuffled(network: Network, random: np.random.Generator) -> Network:
    """Shuffle the survivors' values, signs included, among the kept places of each layer; the mask stays."""
    layers = {}
    for name, units in network.layers.items():
        values = np.zeros_like(units.values)
        values[units.keep] = random.permutation(_survivors(units))
        layers[name] = Units(units.keep, values)
    return _with(network, layers)


def curveball(keep: Bool[np.ndarray, "unit input"], random: np.random.Generator) -> Bool[np.ndarray, "unit input"]:
    """Return a random mask with the same number of survivors in each row and in each column.

    Two rows put what only one of them keeps together, and each takes as many back as it gave.
    """
    keep = np.array(keep)
    rows = np.flatnonzero(keep.any(1))
    if len(rows) < 2:
        return keep
    for _ in range(ROUNDS * len(rows)):
        one, two = random.choice(rows, 2, replace=False)
        apart = np.flatnonzero(keep[one] != keep[two])
        taken = random.permutation(apart)[: int(keep[one, apart].sum())]
        keep[one, apart], keep[two, apart] = False, True
        keep[one, taken], keep[two, taken] = True, False
    return keep


def _survivors(units: Units) -> Float[np.ndarray, " survivor"]:
    survivors: Float[np.ndarray, " survivor"] = units.values[units.keep]
    return survivors


def _scattered(units: Units, values: Float[np.ndarray, " survivor"], random: np.random.Generator) -> Units:
    """Return a layer with these values at random places, in random order."""
    places = random.choice(units.keep.size, len(values), replace=False)
    keep, weights = np.zeros(units.keep.size, bool), np.zeros(units.keep.size, np.float32)
    keep[places], weights[places] = True, values
    return Units(keep.reshape(units.keep.shape), weights.reshape(units.keep.shape))


def _with(network: Network, layers: dict[str, Units]) -> Network:
    return Network(network.label, layers, network.shapes, network.wiring, network.condition)
