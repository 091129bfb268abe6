"""What a mask leaves of a network, layer by layer: kept, nominal, on a path, units, multiply-adds."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Int

from tombola.analysis.inspect_scores import ScoreMass
from tombola.pruning.paths import Paths
from tombola.store.folder import JobId

ALARM = 0.01
"""Relative difference of effective and nominal density that is worth a warning."""


@dataclass(frozen=True)
class LayerStructure:
    """One prunable layer of a masked network (sparse-analysis reference, section 5). None: not known.

    Attributes
    ----------
    name
        Of its weight.
    kept, total
        Weights that remain (the effective mask), and all.
    relative
        Share of the network's survivors that are in this layer.
    nominal
        Weights that whoever made the mask said to keep.
    path
        Survivors on a path from input to output.
    fan_in
        Survivors per unit (row of a linear layer, filter of a convolution).
    active
        Units on a path.
    unread
        Units whose output no survivor reads.
    flops, sparse_flops
        Multiply-adds for one image with all weights, and with those that remain.
    scores
        What the layer's weights scored.
    """

    name: str
    kept: int
    total: int
    relative: float
    nominal: int | None
    path: int | None
    fan_in: Int[np.ndarray, " units"]
    active: int | None
    unread: int | None
    flops: int | None
    sparse_flops: int | None
    scores: ScoreMass | None

    @property
    def density(self) -> float:
        """Fraction of its weights that remain."""
        return self.kept / self.total if self.total else 1.0

    @property
    def units(self) -> int:
        """Rows or filters."""
        return len(self.fan_in)

    @property
    def empty(self) -> int:
        """Units without any incoming survivor."""
        return int(np.count_nonzero(self.fan_in == 0))

    @property
    def collapsed(self) -> bool:
        """Whether nothing remains of the layer."""
        return self.kept == 0


@dataclass(frozen=True)
class Structure:
    """A masked network, inspected.

    Attributes
    ----------
    layers
        The prunable layers, in the mask's order.
    paths
        What lies on a path from input to output; None where the network has no layer graph.
    why
        Why that is not known; empty where it is.
    flops, sparse_flops
        Multiply-adds of the whole network for one image, batch norm and layers that are not pruned included.
    run, job
        Where the mask comes from, as far as it does.
    """

    layers: tuple[LayerStructure, ...]
    paths: Paths | None = field(repr=False)
    why: str
    flops: int | None
    sparse_flops: int | None
    run: str = ""
    job: JobId | None = None

    @cached_property
    def kept(self) -> int:
        """Weights that remain."""
        return sum(layer.kept for layer in self.layers)

    @cached_property
    def total(self) -> int:
        """All prunable weights."""
        return sum(layer.total for layer in self.layers)

    @property
    def density(self) -> float:
        """Fraction of prunable weights that remain: the effective density."""
        return self.kept / self.total if self.total else 1.0

    @property
    def path(self) -> int | None:
        """Survivors on a path from input to output."""
        return None if self.paths is None else self.paths.mask.count

    @cached_property
    def nominal(self) -> int | None:
        """Weights that were said to be kept, where that is known of every layer."""
        counts = [layer.nominal for layer in self.layers if layer.nominal is not None]
        return sum(counts) if counts and len(counts) == len(self.layers) else None

    @property
    def differs(self) -> bool:
        """Whether nominal and effective density differ by more than 1 % of the nominal one."""
        return self.nominal is not None and abs(self.kept - self.nominal) > ALARM * self.nominal

    @property
    def collapsed_layers(self) -> tuple[str, ...]:
        """Layers without survivors."""
        return tuple(layer.name for layer in self.layers if layer.collapsed)

    @property
    def collapsed(self) -> bool | None:
        """Whether no path leads from input to output, so that every image gets the same answer; None: not known.

        A layer without survivors does not settle it: a residual link may lead around it.
        """
        return None if self.paths is None else not self.paths.connected
