"""A network as distances see it: the units of its layers and how they are wired."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from tombola.analysis.distances.flattening import Flatten
from tombola.analysis.distances.units import Units
from tombola.analysis.distances.wiring import Permutations, Wiring
from tombola.analysis.distances.wiring_chain import chain_wiring
from tombola.analysis.distances.wiring_graph import graph_wiring
from tombola.analysis.material import NetworkView
from tombola.analysis.wiring import FlattenOrder
from tombola.errors import TombolaError, nearest


@dataclass(frozen=True, eq=False)
class Network:
    """The weights of a network, ready to be compared.

    Attributes
    ----------
    label
        What results call it.
    layers
        Layer -> its units, in order.
    shapes
        Layer -> shape of its weight.
    wiring
        Which units may change places.
    condition
        The set of networks it belongs to.
    initial_digest
        Equal for networks that grew from the same initial weights; None where they are not known.
    """

    label: str
    layers: Mapping[str, Units]
    shapes: Mapping[str, tuple[int, ...]]
    wiring: Wiring
    condition: str = ""
    initial_digest: str | None = None
    cache: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of_view(
        cls, view: NetworkView, layers: Sequence[str] = (), *, flatten: FlattenOrder = "channels-first"
    ) -> "Network":
        """Return a network of an analysis.

        Parameters
        ----------
        view
            The network.
        layers
            Restricts it; by default all prunable layers count.
        flatten
            Order of features after maps.

        Raises
        ------
        TombolaError
            If a survivor is not finite, a layer is unknown, or a network without a layer graph is no chain either.
        """
        known = {name: layer.name for layer in view.layers for name in (layer.name, layer.name.removesuffix(".weight"))}
        unknown = next((name for name in layers if name not in known), None)
        if unknown is not None:
            raise TombolaError(f"{view.label} has no prunable layer '{unknown}'{nearest(unknown, known)}")
        chosen = {known[name] for name in layers} or {*known.values()}
        names = [layer.name for layer in view.layers if layer.name in chosen]
        shapes = {layer.name: layer.shape for layer in view.layers}
        return cls(
            view.label,
            {name: Units.of(view.weights(name), view.keep(name)) for name in names},
            {name: shapes[name] for name in names},
            chain_wiring(shapes, flatten) if view.graph is None else graph_wiring(view.graph, flatten),
            view.condition,
            view.initial_digest,
        )

    @classmethod
    def of_arrays(
        cls,
        label: str,
        weights: Mapping[str, Float[np.ndarray, "unit ..."]],
        *,
        keep: Mapping[str, Bool[np.ndarray, "unit ..."]] | None = None,
        flatten: Flatten = "channels-first",
        condition: str = "",
    ) -> "Network":
        """Return a plain chain of layers given by their weights, output units first.

        Parameters
        ----------
        label, condition
            As above.
        weights
            Layer -> weights, in order.
        keep
            Layer -> which remain; by default those that are not 0.
        flatten
            Order of features after the last convolution.
        """
        units = {name: Units.of(value, None if keep is None else keep[name]) for name, value in weights.items()}
        shapes = {name: tuple(value.shape) for name, value in weights.items()}
        return cls(label, units, shapes, chain_wiring(shapes, flatten), condition)

    def units(self, layer: str, permutations: Permutations, *, rows: bool = True) -> Units:
        """Return a layer's units under permutations of the network; without `rows` only inputs move."""
        units = self.layers[layer]
        return units.taken(
            self.wiring.rows(layer, len(units), permutations) if rows else None,
            self.wiring.columns(layer, units.keep.shape[1], permutations),
        )

    def renamed(self, names: Sequence[str]) -> "Network":
        """Return the network with its layers called otherwise, in order."""
        new = dict(zip(self.layers, names, strict=True))
        if all(old == name for old, name in new.items()):
            return self
        wiring = Wiring(
            tuple(
                type(group)(
                    group.size,
                    {new.get(name, name): rows for name, rows in group.writers.items()},
                    {new.get(name, name): columns for name, columns in group.readers.items()},
                    group.output,
                )
                for group in self.wiring.groups
            )
        )
        layers = {new[name]: units for name, units in self.layers.items()}
        shapes = {new[name]: shape for name, shape in self.shapes.items()}
        return Network(self.label, layers, shapes, wiring, self.condition, self.initial_digest)


def comparable(one: Network, two: Network) -> tuple[Network, Network]:
    """Return two networks whose layers are called alike; layers are paired in order.

    Raises
    ------
    TombolaError
        If their layers differ in number or shape.
    """
    if [*one.shapes.values()] != [*two.shapes.values()]:
        raise TombolaError(
            f"{one.label} and {two.label} have layers of different shapes; a distance needs equal architectures "
            "(leave layers out that only one of them has)"
        )
    return one, two.renamed([*one.layers])
