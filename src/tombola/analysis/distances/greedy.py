"""First layer first: match the units of a layer, move what reads them along, match the next.

Sparse-analysis reference, section 7.3, and signs reference, section 12.2. In a plain chain this is one pass. Where
several layers write to one residual stream they are matched together, once what they read is matched; since the later
ones were not yet when the stream's first layer was, such networks are swept again until nothing improves.
"""

import numpy as np

from tombola.analysis.distances.alignment import Alignment, Pair, alignments, known_writers
from tombola.analysis.distances.units import Order

SWEEPS = 30
GAIN = 1e-12
"""An improvement is more than rounding."""


@alignments.register("greedy")
def greedy(pair: Pair) -> Alignment:
    """Match layer by layer; sweep over the groups again where several layers write to one."""
    found = one_pass(pair)
    if any(len(known_writers(pair, group)) > 1 for group in found):
        found = _swept(pair, found)
    return Alignment(found)


def one_pass(pair: Pair) -> dict[int, Order]:
    """Return the permutations of one pass: each group by those writers whose inputs are matched already."""
    wiring, found = pair.one.wiring, dict[int, Order]()
    for layer in pair.one.layers:
        for group in pair.free:
            if group in found or layer not in wiring.groups[group].writers:
                continue
            ready = [name for name in known_writers(pair, group) if _inputs(pair, name) <= {*found}]
            if ready:
                found[group] = pair.assigned(group, pair.group_cost(group, ready, found))
    return found


def _inputs(pair: Pair, layer: str) -> set[int]:
    return {group for group in pair.one.wiring.read_by(layer) if group in pair.free}


def _swept(pair: Pair, found: dict[int, Order]) -> dict[int, Order]:
    """Match every group anew, all else held, for as long as the mean distance of the network falls."""
    means = pair.means(pair.one.layers, found)
    for _ in range(SWEEPS):
        before = _total(means)
        for group in found:
            cost = pair.group_cost(group, known_writers(pair, group), found)
            proposal = {**found, group: pair.assigned(group, cost)}
            touched = {*known_writers(pair, group), *pair.one.wiring.groups[group].readers} & {*pair.one.layers}
            proposed = {**means, **pair.means(touched, proposal)}
            if _total(proposed) < _total(means) - GAIN:
                found, means = proposal, proposed
        if _total(means) >= before - GAIN:
            break
    return found


def _total(means: dict[str, float]) -> float:
    return float(np.nanmean([*means.values()])) if means else 0.0
