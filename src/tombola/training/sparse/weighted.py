"""Linear and convolutional layers as operations: forward, input gradient, weight gradient."""

from typing import Any

import numpy as np

from tombola.training.sparse import fields as at
from tombola.training.sparse.arena import Arena, View
from tombola.training.sparse.convolution import Geometry
from tombola.training.sparse.dead import places_of
from tombola.training.sparse.gradients import Turn
from tombola.training.sparse.layers import Layer
from tombola.training.sparse.maps import Map
from tombola.training.sparse.operations import Operations
from tombola.training.sparse.parameters import Parameter, Parameters
from tombola.training.sparse.structure import Structure, arrange
from tombola.training.sparse.vector import LANES

WIDEST = 16
"""Largest number of positions summed at once: with 16, sums fill half the registers of AVX-512."""


class Weighted:
    """The operations of one linear or convolutional layer.

    Parameters
    ----------
    arena, parameters
        Where tables and parameters are.
    layer
        The layer.
    before, after
        Its input and output.
    geometry
        Of a convolution; None for a linear layer.
    """

    def __init__(
        self, arena: Arena, parameters: Parameters, layer: Layer, before: Map, after: Map, geometry: Geometry | None
    ) -> None:
        self.arena, self.parameters, self.before, self.after, self.geometry = arena, parameters, before, after, geometry
        module: Any = layer.module
        self.weights, self.bias = parameters.address(layer, "weight"), parameters.address(layer, "bias")
        name = f"{layer.name}.weight" if layer.name else "weight"
        found = parameters.by_name[name]
        positions = np.arange(found.count) if found.positions is None else found.positions
        shape = module.weight.shape if geometry else (*module.weight.shape, 1, 1)
        outputs = np.unravel_index(positions, shape)[0]
        computed = np.ones(len(positions), bool) if after.live is None else np.isin(outputs, after.live)
        left_out, positions = positions[~computed], positions[computed]
        outputs, inputs, self.ky, self.kx = np.unravel_index(positions, shape)
        self.outputs, self.inputs = places_of(outputs, after.live), places_of(inputs, before.live)
        self.count, self.widest = len(positions), WIDEST
        forward = self._arrange_forward()
        # survivors are kept in the order of the forward pass; those of dead units come last, and so do their biases
        self.inverse = np.argsort(forward.order)
        held = np.concatenate([positions[forward.order], left_out])
        parameters.by_name[name] = Parameter(found.tensor, found.address, held)
        if self.bias >= 0 and after.live is not None:
            parameters.put_last(layer, "bias", after.live)
        self.tables = self._tables(forward)

    def _arrange_forward(self) -> Structure:
        source, (rows, channels) = self.before.values, (self.after.shape[0], self.before.shape[0])
        if self.geometry is None:
            offsets = self.inputs * self.before.lanes
            return arrange(self.outputs, self.inputs, offsets, rows, self.before.features, self._bytes(1, 1))
        (height, width), padding = self.geometry.kernel, self.geometry.padding
        offsets = self.inputs * source.channel + (self.ky - padding[0]) * source.y + (self.kx - padding[1]) * source.x
        return arrange(self.outputs, self.inputs, offsets, rows, channels, self._bytes(height, width))

    def _bytes(self, height: int, width: int) -> int:
        """Return the bytes of one source feature that one pass over the rows reads."""
        positions = min(self.widest, self.after.groups if self.geometry is None else self.after.shape[2])
        return height * (positions + width - 1) * LANES * 4

    def _tables(self, structure: Structure) -> dict[str, Any]:
        return {
            "pointer": self.arena.table(structure.pointer),
            "offsets": self.arena.table(structure.offsets),
            "rows": structure.rows,
            "blocks": structure.blocks,
        }

    def _positions(self, height: int, width: int) -> dict[str, Any]:
        if self.geometry is None:
            return {"groups": 1, "height": 1, "width": self.before.groups, "widest": self.widest}
        return {"groups": self.before.groups, "height": height, "width": width, "widest": self.widest}

    def forward(self, program: Operations) -> None:
        """Append the forward pass."""
        source, target = self.before.values, self.after.values
        widest = self.widest
        if self.geometry is None:
            source, target = self.before.columns(source), self.after.columns(target)
        else:
            source, widest = self._strided(source)
        fields = self.tables | self._positions(*self.after.shape[1:]) | {"widest": widest}
        program.add(
            at.SUMS,
            source=source,
            target=target,
            weights=self.weights,
            bias=self.bias,
            activation=self.after.activation,
            **fields,
        )

    def _strided(self, view: View) -> tuple[View, int]:
        """Return the input as seen from output places, and how many of them lie side by side in it."""
        assert self.geometry is not None
        stride = self.geometry.stride
        strided = View(view.base, view.group, view.channel, view.y * stride[0], view.x * stride[1])
        return strided, self.widest if stride[1] == 1 else 1

    def backward(self, program: Operations, turn: Turn | None) -> None:
        """Append the gradients of the input (`turn`: how; None where nobody needs it), of weights and biases."""
        assert self.after.gradient is not None
        if turn is not None:
            self._input_gradient(program, self.after.gradient, turn)
        source, target, widest = self.before.values, self.after.gradient, self.widest
        if self.geometry is None:
            source, target = self.before.columns(source), self.after.columns(target)
        else:
            source, widest = self._strided(source)
        fields = self.tables | self._positions(*self.after.shape[1:]) | {"widest": widest}
        program.add(
            at.DOTS,
            source=source,
            target=target,
            weights=self.parameters.gradient_of(self.weights),
            bias=self.parameters.gradient_of(self.bias),
            count=self.count,
            **fields,
        )

    def _input_gradient(self, program: Operations, source: View, turn: Turn) -> None:
        mine = {"target": turn.target, "values": self.before.values}
        if turn.addend is not None:
            mine["addend"] = turn.addend
        if self.geometry is None:
            offsets = self.outputs * self.after.lanes
            features = (self.before.features, self.after.features)
            structure = arrange(self.inputs, self.outputs, offsets, *features, self._bytes(1, 1))
            fields: dict[str, Any] = {name: self.before.columns(view) for name, view in mine.items()}
            fields |= {"source": self.after.columns(source), "slope": turn.slope, **self._positions(1, 1)}
            self._transposed_sums(program, structure, np.arange(self.count), fields)
            return
        (height, width), stride = self.geometry.kernel, self.geometry.stride
        for phase in self.geometry.phases():
            reached, dy, dx = self.geometry.seen_by(phase, self.ky, self.kx)
            chosen = np.flatnonzero(reached)
            offsets = (self.outputs * source.channel + dy * source.y + dx * source.x)[chosen]
            structure = arrange(
                self.inputs[chosen],
                self.outputs[chosen],
                offsets,
                self.before.shape[0],
                self.after.shape[0],
                self._bytes(height, width),
            )
            fields = {"source": source, "slope": turn.slope, **self._positions(phase.height, phase.width)}
            for name, view in mine.items():
                base = view.base + phase.y * view.y + phase.x * view.x
                fields[name] = View(base, view.group, view.channel, view.y * stride[0], view.x * stride[1])
            if stride[1] > 1:
                fields["widest"] = 1
            self._transposed_sums(program, structure, chosen, fields)

    def _transposed_sums(self, program: Operations, structure: Structure, chosen: Any, fields: dict[str, Any]) -> None:
        count = len(chosen)
        copies = self.arena.reserve(count)
        order = self.arena.table(self.inverse[chosen[structure.order]])
        survivors, copied = View(self.weights, 0, 0, 0, 0), View(copies, 0, 0, 0, 0)
        program.add(at.PERMUTE, source=survivors, target=copied, offsets=order, count=count)
        program.add(at.SUMS, weights=copies, bias=-1, **self._tables(structure), **fields)
