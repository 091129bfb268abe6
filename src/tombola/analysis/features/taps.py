"""Where the activations of units are taken: in the layer graph, or by forward hooks in any module."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.networks import LayerGraph, PrunableLayer, State
from tombola.networks.graph_run import apply

Point = Literal["activation", "layer"]
"""``activation``: after the layer's batch norm and its ReLU or tanh; ``layer``: what the layer itself returns."""

AFFINE = ("batch_norm", "scale", "dropout")
POOLS = ("max_pool", "avg_pool")
ACTIVATIONS = ("relu", "tanh")
AS_COMPUTED = "as computed"


@dataclass(frozen=True)
class Seen:
    """One batch: layer -> activations, (image, unit, height, width) of maps and (image, ..., unit) of others."""

    layers: Mapping[str, Float[Tensor, "image ..."]]
    outputs: Float[Tensor, "image class"]


class Tap(Protocol):
    """Computes the activations of a network's units for a batch."""

    points: dict[str, str]
    """Layer -> ``after relu``, ``after tanh``, ``after batch norm``, ``as computed`` …; hooks know it after a pass."""

    def __call__(self, images: Float[Tensor, "image ..."]) -> Seen:
        """Return what units do for images that are normalised."""
        ...


class GraphTap:
    """Activations of a network whose layer graph is known.

    From a layer one goes on through batch norm, scales, dropout and pooling to its ReLU or tanh. Where a sum is first
    (the end of a residual branch), or nothing does (the output), the value before it is taken: what the layer itself
    contributes, after its batch norm.

    Parameters
    ----------
    graph, state
        The network.
    layers
        Names of prunable weights.
    point
        Whether to go on to the activation.
    """

    def __init__(self, graph: LayerGraph, state: State, layers: Sequence[str], point: Point = "activation") -> None:
        self._graph, self._state = graph, state
        own = {node.weight: position for position, node in enumerate(graph) if node.weight is not None}
        self._positions = {
            name: own[name] if point == "layer" else _activation(graph, own[name]) for name in layers if name in own
        }
        missing = [name for name in layers if name not in own]
        if missing:
            raise TombolaError(f"the network has no layer '{missing[0]}' to take activations of")
        self.points = {name: _words(graph, own[name], at) for name, at in self._positions.items()}

    def __call__(self, images: Float[Tensor, "image ..."]) -> Seen:
        """See `Tap`."""
        graph, wanted = self._graph, {*self._positions.values(), self._graph.output}
        values: list[Tensor | None] = [images]
        kept: dict[int, Tensor] = {}
        for position, node in enumerate(graph.nodes[1:], start=1):
            inputs = [value for source in node.inputs if (value := values[source]) is not None]
            values.append(apply(node, self._state, inputs))
            if position in wanted:
                kept[position] = values[position]  # type: ignore[assignment]
            for source in graph.released[position]:
                values[source] = None
        return Seen({name: kept[at] for name, at in self._positions.items()}, kept[graph.output])


class HookTap:
    """Activations of any module, by forward hooks that are there during a pass only.

    What follows a layer is found by its tensor: the module that is given the layer's very output is the next. An
    activation that is called as a function, in no module, is not seen; `points` then says ``as computed``.

    Parameters
    ----------
    module
        In evaluation mode.
    layers
        Names of prunable weights.
    point
        Whether to go on to the activation.
    """

    def __init__(self, module: nn.Module, layers: Sequence[str], point: Point = "activation") -> None:
        self._module, self._point = module, point
        self._names = {name.rpartition(".")[0]: name for name in layers}
        self.points = dict.fromkeys(layers, AS_COMPUTED)

    def __call__(self, images: Float[Tensor, "image ..."]) -> Seen:
        """See `Tap`."""
        found: dict[str, Tensor] = {}
        self.points = dict.fromkeys(self.points, AS_COMPUTED)
        with torch.no_grad(), _hooked(self._module, self._watch(found)):
            outputs = self._module(images)
        missing = [name for name in self.points if name not in found]
        if missing:
            raise TombolaError(f"layer '{missing[0]}' is not called in a pass; leave it out of network.prunable")
        return Seen({name: found[name] for name in self.points}, outputs)

    def _watch(self, found: dict[str, Tensor]) -> Callable[[str, nn.Module, tuple[Any, ...], Any], None]:
        owners: list[tuple[Tensor, str]] = []  # tensors are kept, so that no other takes their place in memory

        def watch(path: str, module: nn.Module, given: tuple[Any, ...], returned: Any) -> None:
            name = self._names.get(path)
            if name is not None:
                if name in found:
                    raise TombolaError(f"layer '{name}' is called twice in one pass; activations need its layer graph")
                found[name] = returned.detach().clone()  # an activation in place would change it
                owners.append((returned, name))
                return
            owner = next((layer for tensor, layer in owners if given and tensor is given[0]), None)
            kind = type(module).__module__
            if owner is None or self._point == "layer":
                return
            if kind == "torch.nn.modules.activation":
                found[owner] = returned.detach()
                self.points[owner] = f"after {type(module).__name__.lower()}"
                owners[:] = [pair for pair in owners if pair[1] != owner]
            elif kind in ("torch.nn.modules.batchnorm", "torch.nn.modules.dropout"):
                found[owner] = returned.detach().clone()
                owners.append((returned, owner))

        return watch


def tap(
    graph: LayerGraph | None,
    state: Callable[[], State],
    module: Callable[[], nn.Module],
    layers: Sequence[PrunableLayer],
    point: Point = "activation",
) -> Tap:
    """Return what takes activations: by the layer graph where there is one, else by hooks."""
    names = [layer.name for layer in layers]
    return HookTap(module(), names, point) if graph is None else GraphTap(graph, state(), names, point)


def _activation(graph: LayerGraph, position: int) -> int:
    """Return where a layer's activation is, or where it ends without one."""
    last = at = position
    while len(graph.consumers[at]) == 1:
        (at,) = graph.consumers[at]
        op = graph[at].op
        if op in ACTIVATIONS:
            return at
        if op in AFFINE:
            last = at if last == graph[at].inputs[0] else last
        elif op not in POOLS:
            break
    return last


def _words(graph: LayerGraph, layer: int, at: int) -> str:
    if at == layer:
        return AS_COMPUTED
    return f"after {graph[at].op.replace('_', ' ')}"


@contextmanager
def _hooked(module: nn.Module, watch: Callable[[str, nn.Module, tuple[Any, ...], Any], None]) -> Iterator[None]:
    """Watch the calls of all modules that hold no others; hooks are removed at the end, whatever happens."""
    handles: list[Any] = []
    try:
        for path, part in module.named_modules():
            if not any(part.children()):
                handles.append(part.register_forward_hook(_hook(path, watch)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _hook(path: str, watch: Callable[[str, nn.Module, tuple[Any, ...], Any], None]) -> Callable[..., None]:
    def hook(module: nn.Module, given: tuple[Any, ...], returned: Any) -> None:
        watch(path, module, given, returned)

    return hook
