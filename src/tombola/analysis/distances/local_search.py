"""Local search: swap two units of a hidden layer, keep what does not make the networks more distant.

Signs reference, section 12.2. Slower than weight matching; kept as an independent check.
"""

import numpy as np
from jaxtyping import Float, Int

from tombola.analysis.distances.alignment import Alignment, Pair, alignments, identity, known_writers
from tombola.analysis.distances.greedy import greedy
from tombola.analysis.distances.units import Order, Units
from tombola.streams import stream_seed

DENSE_SHARE = 4.0
"""Groups that linear layers write are proposed so much more often than others: .4 and .1 in Conv-2, as published."""

OF_ROWS = ("sizes", "ascending", "positive", "negative", "magnitudes")
"""What is known of units whatever the order of their inputs."""

Changed = dict[str, tuple[Float[np.ndarray, " unit"], float]]


@alignments.register("search")
def search_from_greedy(pair: Pair) -> Alignment:
    """Search from the greedy alignment on."""
    return local_search(pair, {**identity(pair), **greedy(pair).permutations})


@alignments.register("search-identity")
def search_from_identity(pair: Pair) -> Alignment:
    """Search from the order that units have."""
    return local_search(pair, identity(pair))


def local_search(pair: Pair, start: dict[int, Order]) -> Alignment:
    """Return the alignment after a number of proposals, with the mean distance after each.

    Parameters
    ----------
    pair
        The networks; its settings hold the number of proposals and their seed.
    start
        Permutations to begin with.
    """
    laid = _Laid(pair, start)
    choices = [group for group, order in laid.found.items() if len(order) > 1]
    if not choices:
        return Alignment(laid.found)
    share = np.array([_share(pair, group) for group in choices])
    random = np.random.default_rng(stream_seed(pair.settings.seed, "local-search"))
    trace = []
    for _ in range(pair.settings.steps):
        group = choices[int(random.choice(len(choices), p=share / share.sum()))]
        laid.propose(group, random.choice(len(laid.found[group]), 2, replace=False))
        trace.append(laid.value)
    return Alignment(laid.found, tuple(trace))


class _Laid:
    """The second network laid upon the first, with the distance of every pair of units, ready for small changes."""

    def __init__(self, pair: Pair, start: dict[int, Order]) -> None:
        self.pair = pair
        self.found = {group: order.copy() for group, order in start.items()}
        self.now = {layer: _own(pair.two.units(layer, self.found)) for layer in pair.one.layers}
        self.apart = {layer: pair.measure.pairs(pair.one.layers[layer], now) for layer, now in self.now.items()}
        self.means = {layer: self._mean(layer, apart) for layer, apart in self.apart.items()}
        self.value = _over_layers(self.means)

    def propose(self, group: int, pick: Int[np.ndarray, "2"]) -> None:
        """Swap two units of a group; swap them back if that made the networks more distant."""
        self._swap(group, pick)
        changed = self._changed(group, pick)
        value = _over_layers({**self.means, **{layer: mean for layer, (_, mean) in changed.items()}})
        if value > self.value:
            self._swap(group, pick)
            return
        self.value = value
        for layer, (apart, mean) in changed.items():
            self.apart[layer], self.means[layer] = apart, mean

    def _swap(self, group: int, pick: Int[np.ndarray, "2"]) -> None:
        wiring = self.pair.one.wiring.groups[group]
        for layer, now in self.now.items():
            if layer in wiring.writers:
                rows = wiring.writers[layer][pick]
                for array in (now.keep, now.values, now.signs, *(getattr(now, name) for name in OF_ROWS)):
                    array[rows] = array[rows[::-1]]
            if layer in wiring.readers:
                one, two = wiring.readers[layer][pick]
                for matrix in (now.keep, now.values, now.signs):
                    matrix[:, np.concatenate([one, two])] = matrix[:, np.concatenate([two, one])]
        order = self.found[group]
        order[pick] = order[pick[::-1]]

    def _changed(self, group: int, pick: Int[np.ndarray, "2"]) -> Changed:
        wiring, changed = self.pair.one.wiring.groups[group], {}
        for layer, now in self.now.items():
            one = self.pair.one.layers[layer]
            if layer in wiring.readers:
                apart = self.pair.measure.pairs(one, now)
            elif layer in wiring.writers:
                rows = wiring.writers[layer][pick]
                apart = self.apart[layer].copy()
                apart[rows] = self.pair.measure.pairs(one.taken(rows), now.taken(rows))
            else:
                continue
            changed[layer] = apart, self._mean(layer, apart)
        return changed

    def _mean(self, layer: str, apart: Float[np.ndarray, " unit"]) -> float:
        return self.pair.counted_mean(apart, self.pair.one.layers[layer], self.now[layer])


def _own(units: Units) -> Units:
    """Return a copy whose arrays may be changed."""
    own = Units(units.keep.copy(), units.values.copy())
    own.__dict__.update({name: getattr(units, name).copy() for name in ("signs", *OF_ROWS)})
    return own


def _share(pair: Pair, group: int) -> float:
    linear = any(len(pair.one.shapes[layer]) == 2 for layer in known_writers(pair, group))
    return DENSE_SHARE if linear else 1.0


def _over_layers(means: dict[str, float]) -> float:
    values = [*means.values()]
    return 0.0 if np.isnan(values).all() else float(np.nanmean(values))
