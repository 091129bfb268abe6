"""The wiring of layers that follow each other, known from their shapes alone."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Int

from tombola.analysis.distances.flattening import Flatten, feature_numbers
from tombola.analysis.distances.wiring import Group, Wiring
from tombola.errors import TombolaError


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
    units, inputs = shape[0], reader[1]
    if len(reader) == 2 and len(shape) == 4 and inputs % units == 0:
        return feature_numbers(units, inputs // units, flatten)
    if inputs != units:
        raise TombolaError(f"'{after}' takes {inputs} inputs and '{name}' has {units} units; they do not make a chain")
    return feature_numbers(units, int(np.prod(reader[2:], dtype=int)), "channels-first")
