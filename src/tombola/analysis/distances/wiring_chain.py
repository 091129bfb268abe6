"""The wiring of layers that follow each other, known from their shapes alone."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Int

from tombola.analysis.distances.flattening import Flatten, feature_numbers
from tombola.analysis.distances.wiring import Group, Wiring
from tombola.analysis.wiring import FlattenOrder, chain_units


def chain_wiring(shapes: Mapping[str, Sequence[int]], flatten: Flatten = "channels-first") -> Wiring:
    """Return the wiring of a plain chain of convolutions and linear layers.

    Parameters
    ----------
    shapes
        Layer -> shape of its weight, (out, in) or (out, in, height, width), in order.
    flatten
        How maps became features between a convolution and a linear layer.

    Raises
    ------
    TombolaError
        If a layer cannot read the one before it.
    """
    names = list(shapes)
    groups = []
    for number, name in enumerate(names):
        after = names[number + 1] if number + 1 < len(names) else None
        units = shapes[name][0]
        readers = {after: _columns(name, shapes[name], after, shapes[after], flatten)} if after else {}
        groups.append(Group(units, {name: np.arange(units)}, readers, output=after is None))
    return Wiring(tuple(groups))


def _columns(
    name: str, shape: Sequence[int], after: str, reader: Sequence[int], flatten: Flatten
) -> Int[np.ndarray, "unit tap"]:
    if flatten == "blocks-sasd2022" and len(shape) == 4 and len(reader) == 2:
        inputs = chain_units(name, shape, after, reader)
        return feature_numbers(shape[0], len(inputs) // shape[0], flatten)
    order: FlattenOrder = "channels-last" if flatten == "channels-last" else "channels-first"
    inputs = chain_units(name, shape, after, reader, order)
    taps = int(np.prod(reader[2:], dtype=int))
    return np.argsort(np.repeat(inputs, taps), kind="stable").reshape(shape[0], -1)
