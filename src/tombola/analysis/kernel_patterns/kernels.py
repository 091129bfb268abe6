"""Kernels of one convolution, of several networks: signs only, one row per kernel."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int8

from tombola.analysis.material import NetworkView
from tombola.errors import TombolaError
from tombola.networks.prunable import weight_named

Signs = Int8[np.ndarray, "network filter channel height width"]


@dataclass(frozen=True, eq=False)
class KernelSet:
    """The kernels of one layer in the networks of one condition.

    Attributes
    ----------
    condition
        Name of the condition.
    labels
        Of the networks.
    signs
        1, 0 or -1 per weight; 0 where pruned (and where a survivor is exactly 0).
    """

    condition: str
    labels: tuple[str, ...]
    signs: Signs

    @property
    def flat(self) -> Int8[np.ndarray, "kernel place"]:
        """All kernels as rows of places, networks and filters one after the other."""
        shape = self.signs.shape
        return self.signs.reshape(-1, shape[-2] * shape[-1])

    @property
    def by_network(self) -> Int8[np.ndarray, "network kernel place"]:
        """Kernels as rows of places, by network."""
        shape = self.signs.shape
        return self.signs.reshape(shape[0], -1, shape[-2] * shape[-1])

    @property
    def window(self) -> tuple[int, int]:
        """Height and width of a kernel."""
        return self.signs.shape[-2], self.signs.shape[-1]


def kernel_sets(views: Sequence[NetworkView], layer: str | None = None) -> list[KernelSet]:
    """Return the kernels of a convolution, one set per condition.

    Parameters
    ----------
    views
        Networks of equal architecture.
    layer
        Name of the convolution, with or without ``.weight``; by default the first of each network.

    Raises
    ------
    TombolaError
        If there is no such convolution, or its shapes differ.
    """
    found: dict[str, list[tuple[str, np.ndarray]]] = {}
    for view in views:
        named = weight_named(layer, [each.name for each in view.layers]) if layer else None
        chosen = [each for each in view.layers if (each.name == named if layer else len(each.shape) == 4)]
        if not chosen or len(chosen[0].shape) != 4:
            what = f"convolution '{layer}'" if layer else "convolution"
            raise TombolaError(f"{view.label} has no {what}; kernel patterns are of convolutions")
        signs = np.sign(view.weights(chosen[0].name)).astype(np.int8)
        found.setdefault(view.condition, []).append((view.label, signs))
    shapes = {signs.shape for members in found.values() for _, signs in members}
    if len(shapes) > 1:
        raise TombolaError(f"kernels of different shapes, {sorted(shapes)}, cannot be compared")
    return [
        KernelSet(condition, tuple(label for label, _ in members), np.stack([signs for _, signs in members]))
        for condition, members in found.items()
    ]
