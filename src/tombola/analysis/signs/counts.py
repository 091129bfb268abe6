"""Signs of the weights into and out of every unit of a layer: neurons of linear layers, filters of convolutions."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from tombola.analysis.material import NetworkView
from tombola.analysis.signs.wiring import FlattenOrder, Reader, bias_names, readers

Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Side:
    """Kept weights on one side of every unit of a layer.

    Attributes
    ----------
    positive, negative, zero
        How many kept weights are above, below and exactly zero; shape ``(unit,)``.
    fan
        How many weights there are, pruned ones included; shape ``(unit,)``.
    """

    positive: Int[np.ndarray, " unit"]
    negative: Int[np.ndarray, " unit"]
    zero: Int[np.ndarray, " unit"]
    fan: Int[np.ndarray, " unit"]

    @property
    def kept(self) -> Counts:
        """Kept weights of every unit."""
        kept: Counts = self.positive + self.negative + self.zero
        return kept

    @property
    def prune_rate(self) -> NDArray[np.float64]:
        """Pruned fraction of every unit; NaN where it has no weights at all."""
        return 1 - _ratio(self.kept, self.fan)

    @property
    def sign_rate(self) -> NDArray[np.float64]:
        """Positive share of the kept weights that have a sign; NaN where none has."""
        return _ratio(self.positive, self.positive + self.negative)

    def __add__(self, other: "Side") -> "Side":
        return Side(*(getattr(self, name) + getattr(other, name) for name in ("positive", "negative", "zero", "fan")))


@dataclass(frozen=True, eq=False)
class LayerSigns:
    """Signs of one layer's units.

    Attributes
    ----------
    layer, kind
        The layer, as `PrunableLayer` has it.
    incoming
        Weights of the unit itself: a row of a linear layer, all taps of a filter.
    outgoing
        Weights of the layers behind that read the unit; at a flattening those of all its places. None for outputs.
    constant
        Whether a unit has a bias (or the shift of a normalisation behind it) that is not zero: without incoming
        weights it still passes a constant on.
    """

    layer: str
    kind: str
    incoming: Side
    outgoing: Side | None
    constant: Bool[np.ndarray, " unit"]

    @cached_property
    def dead(self) -> NDArray[np.str_]:
        """Why a unit connects nothing: ``no incoming``, ``no outgoing`` or ``both`` kept weights; empty if alive."""
        deaf = self.incoming.kept == 0
        mute = np.zeros_like(deaf) if self.outgoing is None else self.outgoing.kept == 0
        return np.select([deaf & mute, deaf, mute], ["both", "no incoming", "no outgoing"], "")


def layer_signs(view: NetworkView, flatten: FlattenOrder = "channels-first") -> Iterator[LayerSigns]:
    """Yield the signs of every prunable layer of a network, in order (reference: signs 2.1).

    Weights behind a unit count whether their layer is prunable or not. What is kept is what the mask says: a kept
    weight may be zero, and then has no sign.

    Parameters
    ----------
    view
        The network, in the stage that is asked about.
    flatten
        As in `readers`.
    """
    reading, biases = readers(view, flatten), bias_names(view)
    sides = _Sides(view)
    for layer in view.layers:
        behind = [sides.outgoing(reader, layer.shape[0]) for reader in reading.get(layer.name, ())]
        outgoing = behind[0] if behind else None
        for more in behind[1:]:
            outgoing = more if outgoing is None else outgoing + more
        shifts = [view.state[name].numpy() for name in biases.get(layer.name, ()) if name in view.state]
        constant = np.any([shift != 0 for shift in shifts], axis=0) if shifts else np.zeros(layer.shape[0], bool)
        yield LayerSigns(layer.name, layer.kind, sides.incoming(layer.name), outgoing, constant)


def side_of(weights: Float[np.ndarray, "unit weight"], keep: Bool[np.ndarray, "unit weight"]) -> Side:
    """Return the counts of weights given as one row per unit."""
    positive, negative = (keep & (weights > 0)).sum(1), (keep & (weights < 0)).sum(1)
    fan = np.full(len(weights), weights.shape[1])
    return Side(positive, negative, keep.sum(1) - positive - negative, fan)


class _Sides:
    """The weights of one network, each read once."""

    def __init__(self, view: NetworkView) -> None:
        self._view = view
        self._found: dict[str, tuple[NDArray[np.float32], NDArray[np.bool_]]] = {}

    def incoming(self, layer: str) -> Side:
        weights, keep = self._of(layer)
        return side_of(weights.reshape(len(weights), -1), keep.reshape(len(keep), -1))

    def outgoing(self, reader: Reader, units: int) -> Side:
        weights, keep = self._of(reader.layer)
        per_input = side_of(_by_input(weights, reader.groups), _by_input(keep, reader.groups))
        ours = reader.units >= 0
        counts = (per_input.positive, per_input.negative, per_input.zero, per_input.fan)
        return Side(*(np.bincount(reader.units[ours], count[ours], units).astype(np.int64) for count in counts))

    def _of(self, layer: str) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        if layer not in self._found:
            if layer in self._view.mask:
                self._found[layer] = self._view.weights(layer), self._view.keep(layer)
            else:
                weights = self._view.state[layer].detach().float().numpy()
                self._found[layer] = weights, np.ones(weights.shape, bool)
        return self._found[layer]


def _by_input(weights: NDArray[np.generic], groups: int) -> NDArray[np.generic]:
    """Return weights as one row per input channel or feature, whatever they belong to behind it."""
    outputs, inputs = weights.shape[:2]
    split = weights.reshape(groups, outputs // groups, inputs, -1)
    return split.transpose(0, 2, 1, 3).reshape(groups * inputs, -1)


def _ratio(part: Counts, whole: Counts) -> NDArray[np.float64]:
    ratio = np.full(part.shape, np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio
