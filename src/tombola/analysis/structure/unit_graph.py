"""A network as a graph of its units: who reads whom, residual streams followed to the units that write to them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool
from numpy.typing import NDArray

from tombola.analysis.wiring import IMAGE, Origin, Origins, on_maps, origins
from tombola.errors import TombolaError
from tombola.networks import LayerGraph, Node
from tombola.pruning import Mask
from tombola.pruning.reachability import weight_shape

Edges = Bool[NDArray[np.bool_], "reader writer"]


@dataclass(frozen=True, eq=False)
class UnitGraph:
    """Units, and which of them reads which.

    Attributes
    ----------
    sizes
        Layer -> units. `IMAGE`, the network's inputs, comes first, and every layer after those it reads.
    reads
        Layer -> layer that it reads -> which of its units reads which; in that order, without `IMAGE`.
    """

    sizes: Mapping[str, int]
    reads: Mapping[str, Mapping[str, Edges]]

    def before(self) -> dict[str, frozenset[str]]:
        """Return, for every layer, the layers that paths to it may begin in, whatever is pruned."""
        found: dict[str, frozenset[str]] = {layer: frozenset() for layer in self.sizes}
        for layer, reads in self.reads.items():
            found[layer] = frozenset(reads).union(*(found[writer] for writer in reads))
        return found

    def chain(self) -> list[Edges] | None:
        """Return the edges between layers if each reads just the one before it, else None."""
        found = []
        for before, (layer, reads) in zip(self.sizes, self.reads.items(), strict=False):
            if set(reads) != {before}:
                return None
            found.append(self.reads[layer][before])
        return found


def unit_graph(graph: LayerGraph, mask: Mask) -> UnitGraph | None:
    """Return who reads whom in a masked network; None where linear layers work on maps, whose inputs are no units.

    Units are filters of convolutions, neurons of linear layers, and the network's inputs. A unit reads every unit that
    writes to a channel, or feature, that it keeps a tap of. What lies between layers keeps channels apart and is no
    node and no edge: normalisation, activation, pooling, dropout; behind a flattening all places of a channel are that
    channel. Along a residual stream the writers are the units of all layers that have been added into it: unit 3 of
    each writes to channel 3, and further on where a shortcut pads with channels of zeros, which nobody writes to. So
    sums and identity shortcuts have no length of their own, and projections are layers like others. Filters of grouped
    convolutions read channels of their group. Layers outside of the mask keep all their weights.

    Inputs are channels of the image; its features (pixels) where only linear layers read it, all of them as many.

    Parameters
    ----------
    graph
        The network's layer graph.
    mask
        Which weights remain.

    Raises
    ------
    TombolaError
        If the mask belongs to another network.
    """
    if any(on_maps(graph, node) for node in graph.weighted()):
        return None
    held = origins(graph)
    features = _features(graph, held)
    sizes = {IMAGE: features or graph.input_shape[0]} | {str(node.weight): node.shape[0] for node in graph.weighted()}
    reads = {}
    for node in graph.weighted():
        keep, found = _channels(node, graph[node.inputs[0]], mask), dict[str, Edges]()
        for origin in held[node.inputs[0]]:
            by_place = features is not None and origin.layer == IMAGE
            edges = _by_unit(keep, origin, sizes[origin.layer], by_place)
            found[origin.layer] = found[origin.layer] | edges if origin.layer in found else edges
        reads[str(node.weight)] = found
    return UnitGraph(sizes, reads)


def _features(graph: LayerGraph, held: tuple[Origins, ...]) -> int | None:
    """Return how many features of the image linear layers read; None where channels of it are read."""
    sources = [
        (node.op, graph[node.inputs[0]].shape[0])
        for node in graph.weighted()
        if any(origin.layer == IMAGE for origin in held[node.inputs[0]])
    ]
    return sources[0][1] if {op for op, _ in sources} == {"linear"} and len(set(sources)) == 1 else None


def _channels(node: Node, before: Node, mask: Mask) -> Bool[NDArray[np.bool_], "unit channel"]:
    """Return which channels, or features, of its input each unit of a layer keeps a tap of."""
    name, shape = str(node.weight), weight_shape(node, before)
    keep = mask[name].numpy() if name in mask else np.ones(shape, bool)
    if keep.shape != shape:
        raise TombolaError(
            f"the mask of '{name}' has shape {[*keep.shape]}, but the weight {[*shape]}; it belongs to another network"
        )
    tapped = np.asarray(keep.reshape(*shape[:2], -1).any(2))
    groups = node["groups"] if node.op == "conv" else 1
    if groups == 1:
        return tapped
    own, each = np.zeros((groups, shape[0] // groups, groups, shape[1]), bool), np.arange(groups)
    own[each, :, each] = tapped.reshape(groups, -1, shape[1])
    return own.reshape(shape[0], -1)


def _by_unit(keep: Bool[NDArray[np.bool_], "reader channel"], origin: Origin, units: int, by_place: bool) -> Edges:
    """Return which units of a layer are read: those that any channel that is read holds."""
    places = origin.known
    writers = places if by_place else origin.units[places]
    order = np.argsort(writers, kind="stable")
    known, first = np.unique(writers[order], return_index=True)
    found = np.zeros((len(keep), units), bool)
    if len(known):
        found[:, known] = np.logical_or.reduceat(keep[:, places[order]], first, axis=1)
    return found
