"""What analyses look into: networks of runs, or of arrays, each with its mask, its weights and its wiring."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import nn

from tombola.analysis.chain import chain
from tombola.errors import TombolaError
from tombola.networks import LayerGraph, PrunableLayer, State, layer_graph, restore
from tombola.pruning import Mask


@dataclass(frozen=True, eq=False)
class NetworkView:
    """One network as analyses see it. States are read when first asked for.

    Attributes
    ----------
    label
        Unique among the networks of an analysis.
    condition
        The set of networks it belongs to.
    layers
        Its prunable layers, in order.
    mask
        The effective mask: what is not kept is exactly zero in the weights.
    read
        Makes the complete state.
    graph
        How its layers are wired; None where the network has no layer graph.
    build
        Makes the network without its state; None where it cannot be built.
    begin
        Makes the complete initial state before anything was pruned; None where it is not known.
    own
        Makes the initial state of a network known to have begun with other weights than its replicate's (a control
        that draws, or moves, its weights); pruned ones are zero there.
    run, replicate, level, control, repetition, stage
        Where it comes from. The stage is ``initial``, ``trained`` or ``early_stop``.
    """

    label: str
    condition: str
    layers: tuple[PrunableLayer, ...]
    mask: Mask
    read: Callable[[], State] = field(repr=False)
    graph: LayerGraph | None = field(default=None, repr=False)
    build: Callable[[], nn.Module] | None = field(default=None, repr=False)
    begin: Callable[[], State] | None = field(default=None, repr=False)
    own: Callable[[], State] | None = field(default=None, repr=False)
    run: str = ""
    replicate: int = 0
    level: int = 0
    control: str = "none"
    repetition: int = 0
    stage: str = "trained"

    @classmethod
    def of_arrays(
        cls,
        label: str,
        weights: Mapping[str, Float[np.ndarray, "..."]],
        *,
        mask: Mapping[str, Bool[np.ndarray, "..."]] | None = None,
        condition: str = "",
        biases: Mapping[str, Float[np.ndarray, " units"]] | None = None,
        stage: str = "initial",
        replicate: int = 0,
    ) -> "NetworkView":
        """Return a chain of layers given by their weights, shaped (outputs, inputs[, height, width]), ReLU between.

        Parameters
        ----------
        label, condition, stage, replicate
            As above.
        weights
            Layer name -> weights, in order; layer ``name`` has the parameter ``name.weight``.
        mask
            Layer name -> what is kept; by default what is not zero.
        biases
            Layer name -> biases, of layers that have them.

        Raises
        ------
        TombolaError
            If two layers do not fit each other.
        """
        module, shape = chain(weights, biases or {})
        state = {name: value.detach().clone() for name, value in module.state_dict().items()}
        names = list(weights)
        keep = {
            f"{name}.weight": torch.from_numpy(np.array(values != 0 if mask is None else mask[name], dtype=bool))
            for name, values in weights.items()
        }
        kept = Mask(keep)
        kept.apply_(state)
        layers = tuple(
            PrunableLayer(
                f"{name}.weight",
                "conv" if weights[name].ndim == 4 else "output" if name == names[-1] else "linear",
                tuple(weights[name].shape),
            )
            for name in names
        )
        return cls(
            label=label,
            condition=condition,
            layers=layers,
            mask=kept,
            read=lambda: state,
            graph=layer_graph(module, shape),
            build=lambda: chain(weights, biases or {})[0],
            stage=stage,
            replicate=replicate,
        )

    @cached_property
    def state(self) -> State:
        """The complete state: weights, biases, normalisation."""
        return self.read()

    def weights(self, layer: str) -> Float[np.ndarray, "..."]:
        """Return the weights of a prunable layer, pruned ones exactly zero."""
        weight = self.state[self._known(layer)].detach().cpu().float()
        return weight.where(self.mask[layer], 0.0).contiguous().numpy()

    def keep(self, layer: str) -> Bool[np.ndarray, "..."]:
        """Return which weights of a prunable layer are kept; a kept one may be zero."""
        return self.mask[self._known(layer)].numpy()

    def module(self) -> nn.Module:
        """Return the network in this state, in evaluation mode.

        Raises
        ------
        TombolaError
            If it cannot be built.
        """
        if self.build is None:
            raise TombolaError(f"{self.label} cannot be built as a network; only its weights are known")
        module = self.build()
        restore(module, self.state)
        return module.eval()

    @cached_property
    def initial_digest(self) -> str | None:
        """SHA-256 of the initial weights before anything was pruned: equal for networks that share them.

        None where they are not known, or were not kept. Networks with weights of their own have a digest of those.
        """
        read = self.begin or self.own
        if read is None:
            return None
        try:
            state = read()
        except TombolaError:
            return None
        content = hashlib.sha256()
        for layer in self.layers:
            content.update(np.ascontiguousarray(state[layer.name].cpu().numpy()).tobytes())
        return content.hexdigest()

    def _known(self, layer: str) -> str:
        if layer not in self.mask:
            raise TombolaError(f"{self.label} has no prunable layer '{layer}'; it has {', '.join(self.mask)}")
        return layer


def common_layers(views: Sequence[NetworkView]) -> tuple[PrunableLayer, ...]:
    """Return the layers that networks have in common, which must be all of them.

    Raises
    ------
    TombolaError
        If there are no networks, or two of them differ in a layer's name or shape.
    """
    if not views:
        raise TombolaError("there are no networks to analyse; choose other levels, controls or runs")
    first = views[0]
    for view in views[1:]:
        if [layer.shape for layer in view.layers] != [layer.shape for layer in first.layers]:
            raise TombolaError(f"{view.label} and {first.label} are different networks; analyse them apart")
    return first.layers


def chain_note(views: Sequence[NetworkView]) -> list[str]:
    """Return what to say where it is not known which layer reads which: nothing, or that a chain is assumed."""
    unknown = sum(view.graph is None for view in views)
    if not unknown:
        return []
    return [
        f"Of {unknown} of {len(views)} networks no layer graph is known: they are taken as a plain chain, each layer "
        "reading the one listed before it. What is said of outgoing weights and matched units is not true of branches."
    ]
