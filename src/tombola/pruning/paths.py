"""Path-effective masks: the survivors that lie on a path from the input to the output."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.networks import LayerGraph, layer_graph
from tombola.pruning.mask import Mask
from tombola.pruning.reachability import Flags, backwards, crossed, forwards, weight_shape


@dataclass(frozen=True)
class Paths:
    """What of a masked network lies on a path from its input to its output.

    Attributes
    ----------
    mask
        The survivors on a path: the path-effective mask, within the mask it was made of.
    unread
        Layer -> units (rows, filters) whose output no survivor reads, and which are no output of the network either.
    inputs
        Numbers of an image that a path begins at, shaped like the image.
    outputs
        Numbers the network returns that a path ends at.
    """

    mask: Mask
    unread: dict[str, Bool[Tensor, " units"]]
    inputs: Bool[Tensor, "..."]
    outputs: Bool[Tensor, "..."]

    @property
    def connected(self) -> bool:
        """Whether any path is left; without one every image gets the same answer."""
        return bool(self.outputs.any())


def find_paths(graph: LayerGraph, mask: Mask, *, biases: bool = False) -> Paths:
    """Return what of a masked network lies on a path from its input to its output.

    A network is a graph of numbers: the pixels of an image, what every layer makes of them at every place, the outputs.
    A survivor connects the numbers it is multiplied with to those it is added into, and a weight is **on a path** if it
    connects a number that some pixel reaches to one that reaches some output. Then, and only then, does the output
    depend on it where all weights and inputs are positive, so that nothing cancels and no unit is off
    (sparse-analysis reference, sections 5 and 13).

    - **Convolutions**, grouped, strided and dilated ones too, share a weight over all places, and it is on a path if it
      is at one of them. Padding is no number that anything reaches: of a 3x3 kernel that is laid on one-pixel maps only
      the centre can be on a path, in the dense network too, and what only ever falls outside the map never is.
    - **Sums** (residual links): a number is reached if it is in one of the branches, and what reaches the sum does so
      from both.
    - **Batch norm**, scales per channel, activations and dropout connect every number with the one at its place; the
      values of scales and shifts are not looked at. Channels of zeros that a shortcut pads with come from nothing.
    - **Pooling**, largest as well as average, connects all numbers of a window with its result; rows that no window
      covers lead nowhere.
    - **Flattening**: number for number, so each pixel of a channel is a feature of its own.
    - **Weights outside of the mask** (layers that are not pruned) all connect. Natural zeros do, too: only the mask
      says what is pruned. Pruned weights held at other values than zero (``prune.pruned``) do not count: paths are of
      survivors.
    - **Biases**, and the shifts of batch norm, are no input: a unit without any path from a pixel is a constant, and
      weights that only pass a constant on are not on a path. That is what published path densities count. With
      ``biases=True`` constants count as reached, and the result holds every survivor that can change the output.

    Parameters
    ----------
    graph
        The network's layer graph.
    mask
        Which weights remain.
    biases
        Whether a bias, and batch norm, reach all units of their layer, at every place.

    Raises
    ------
    TombolaError
        If the mask belongs to another network, or an operation of the graph has no known paths.

    Examples
    --------
    >>> module = nn.Sequential(nn.Flatten(), nn.Linear(2, 2), nn.Linear(2, 1))
    >>> mask = Mask({"1.weight": torch.tensor([[True, False]] * 2), "2.weight": torch.tensor([[False, True]])})
    >>> find_paths(layer_graph(module, (1, 1, 2)), mask).mask.remaining()
    {'1.weight': 1, '2.weight': 1}
    """
    keep = _kept(graph, mask)
    reached: list[Flags] = [torch.ones(graph.input_shape, dtype=torch.bool)]
    for position, node in enumerate(graph.nodes[1:], start=1):
        flags = forwards(node, keep.get(position), [reached[source] for source in node.inputs])
        constant = biases and (node.op == "batch_norm" or (node.weight is not None and node.tensor("bias") is not None))
        reached.append(torch.ones_like(flags) if constant else flags)
    needed = _needed(graph, keep)
    read = _needed(graph, keep, directly=True)
    on_path, unread = {}, {}
    for position, node in enumerate(graph):
        if node.weight in mask:
            x = reached[node.inputs[0]]
            on_path[node.weight] = crossed(node, keep[position], x, needed[position])
            unread[node.weight] = ~read[position].reshape(len(keep[position]), -1).any(1)
    ordered = Mask({name: on_path[name] for name in mask})
    return Paths(ordered, {name: unread[name] for name in mask}, needed[0], reached[graph.output])


def path_mask(mask: Mask, module: nn.Module, input_shape: Sequence[int], *, biases: bool = False) -> Mask:
    """Return the survivors that lie on a path from input to output, as `find_paths` defines it.

    Parameters
    ----------
    mask
        Which weights remain.
    module
        The network; only its structure is read, so it may be on the meta device.
    input_shape
        Of one image: (channels, height, width).
    biases
        Whether what only passes a bias on counts as well.

    Raises
    ------
    TombolaError
        If the network has no layer graph, or the mask belongs to another.
    """
    return find_paths(layer_graph(module, input_shape), mask, biases=biases).mask


def _kept(graph: LayerGraph, mask: Mask) -> dict[int, Flags]:
    """Return which weights connect, by the position of their node."""
    found: dict[int, Flags] = {}
    for position, node in enumerate(graph):
        if node.weight is None:
            continue
        shape = weight_shape(node, graph[node.inputs[0]])
        found[position] = mask[node.weight] if node.weight in mask else torch.ones(shape, dtype=torch.bool)
        if found[position].shape != shape:
            raise TombolaError(
                f"the mask of '{node.weight}' has shape {[*found[position].shape]}, but the weight {[*shape]}; "
                "it belongs to another network"
            )
    missing = set(mask) - {node.weight for node in graph}
    if missing:
        raise TombolaError(f"the mask covers '{min(missing)}', which the network lacks; it belongs to another network")
    return found


def _needed(graph: LayerGraph, keep: Mapping[int, Flags], *, directly: bool = False) -> list[Flags]:
    """Return the numbers that lead to an output; `directly`, that a survivor reads, whatever becomes of it."""
    needed = [torch.zeros(node.shape, dtype=torch.bool) for node in graph]
    needed[graph.output][...] = True
    for position in range(len(graph) - 1, 0, -1):
        node, flags = graph[position], needed[position]
        if directly and node.weight is not None:
            flags = torch.ones_like(flags)
        for source in node.inputs:
            needed[source] |= backwards(node, keep.get(position), flags, graph[source].shape)
    return needed
