"""Units that nothing comes of: all weights that lead on from them are pruned, or lead to such units only.

Whatever they compute, the output and its gradient stay the same, so they are not computed. Their weights and biases
have a gradient of 0, as in the dense engine, and stay with the optimiser: weight decay moves them.

Before a batch norm every unit counts, as its running statistics are part of the network's state; and in a map that has
several users.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from tombola.training.sparse.wiring import Wiring

Units = NDArray[np.int64]

PLAIN = ("activation", "pool", "flatten")
"""Kinds of layers that treat units one by one."""


def live_units(wiring: Wiring, mask: Mapping[str, Tensor]) -> dict[int, Units]:
    """Return the units to compute of every layer that need not compute all; at least one.

    Parameters
    ----------
    wiring
        The layers.
    mask
        Survivors by name of the weight.
    """
    live: dict[int, Units] = {}
    for position in range(len(wiring.layers), 0, -1):
        weight, following = wiring[position].node.weight, _following(wiring, position)
        if weight is None or following is None:
            continue
        keep = mask.get(str(wiring[following].node.weight))
        if keep is None:
            continue
        rows = keep.numpy()[live[following]] if following in live else keep.numpy()
        units = wiring[position].node.shape[0]
        needed = np.flatnonzero(rows.reshape(len(rows), units, -1).any(axis=2).any(axis=0))
        if len(needed) < units:
            live[position] = needed if len(needed) else np.zeros(1, np.int64)
    return live


def _following(wiring: Wiring, position: int) -> int | None:
    """Return the one layer with weights that takes what a layer makes; None where that is not all there is to it."""
    while len(wiring.users[position]) == 1:
        position = wiring.users[position][0]
        if wiring[position].node.weight is not None:
            return position
        if wiring[position].kind not in PLAIN:
            return None
    return None


def places_of(units: Units, live: Units | None) -> Units:
    """Return where units are among those that are computed (None: all); units that are not must not be asked for."""
    return units if live is None else np.searchsorted(live, units)


def in_features(live: Units | None, shape: tuple[int, int, int]) -> Units | None:
    """Return the features that are computed of a flattened map of these channels."""
    if live is None:
        return None
    size = shape[1] * shape[2]
    return (live[:, None] * size + np.arange(size)).reshape(-1)
