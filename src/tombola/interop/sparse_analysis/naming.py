"""What the layers of stored networks are called here, and which network of ours they are."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tombola.errors import TombolaError
from tombola.interop.sparse_analysis.architecture import architecture
from tombola.interop.sparse_analysis.snapshot import WEIGHT, Snapshot
from tombola.networks import InputShape, PrunableLayer, State, build, prunable_layers
from tombola.pruning import Mask
from tombola.specs import NetworkSpec

IMAGES: dict[int, InputShape] = {784: (1, 28, 28), 3072: (3, 32, 32), 1: (1, 28, 28), 3: (3, 32, 32)}
"""Inputs of the first linear layer, or channels of the first convolution -> shape of an image."""

STAGE = re.compile(r"layer(\d+)\.(\d+)\.(.+)")
HEADS = ("fc.", "linear.")
SCALE = "shortcut.weight"
UNSAID = re.compile(r"(num_batches_tracked|(bn\d?|shortcut\.1)\.(weight|bias))$")
"""Parts of normalisation that a file may leave out: they then are as they began."""
INITIALISATION = {
    "gem-miner": {"weight_init": "signed-kaiming", "bias_init": "zeros"},
    "fc": {"weight_init": "uniform-fan-in", "bias_init": "uniform-fan-in"},
    "resnet": {"weight_init": "kaiming-normal", "bias_init": "zeros"},
}
WITHOUT_SHORTCUTS = ("all", "!*shortcut*")


@dataclass(frozen=True)
class Naming:
    """How a stored network is called here.

    Attributes
    ----------
    network
        Fields of ``network``.
    names
        Their name of a tensor -> ours; what is not in it has no place here.
    kinds
        Our name of a prunable weight -> conv, linear or output.
    shapes
        Our name -> shape, where the network can be built.
    input_shape, classes
        Where it can be built; else None and 0.
    """

    network: dict[str, Any]
    names: dict[str, str]
    kinds: dict[str, str]
    shapes: dict[str, tuple[int, ...]]
    input_shape: InputShape | None
    classes: int

    def state(self, snapshot: Snapshot) -> State:
        """Return a snapshot's weights, biases and normalisation in our names."""
        found = {}
        for name, value in snapshot.tensors.items():
            if name in self.names:
                ours = self.names[name]
                found[ours] = value.reshape(self.shapes.get(ours, tuple(value.shape))).clone()
        if not self.shapes:
            return found
        return {name: found[name] if name in found else unsaid(name, shape) for name, shape in self.shapes.items()}

    def mask(self, keep: dict[str, Tensor]) -> Mask:
        """Return a mask by layer as one of ours."""
        named = {self.names[f"{layer}{WEIGHT}"]: values for layer, values in keep.items()}
        return Mask({n: named[n].reshape(self.shapes.get(n, tuple(named[n].shape))) for n in self.kinds})


def name_layers(snapshot: Snapshot) -> Naming:
    """Return how a network is called here: as the first of our networks that all of it fits, else by its own names."""
    for network in _candidates(snapshot):
        shape, classes = _images(snapshot)
        if shape is None:
            break
        spec = NetworkSpec(**network)
        try:
            module = build(spec, shape, classes, device="meta")
        except TombolaError:
            continue
        wanted = {name: tuple(value.shape) for name, value in module.state_dict().items()}
        layers = prunable_layers(module, spec.prunable)
        names = dict(_pairs(snapshot, network["architecture"], layers))
        if _fits(snapshot, names, wanted) and {names[f"{n}{WEIGHT}"] for n in snapshot.layers} == {
            x.name for x in layers
        }:
            return Naming(network, names, {layer.name: layer.kind for layer in layers}, wanted, shape, classes)
    return _own_names(snapshot)


def _candidates(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    kind = architecture(snapshot)
    gem = snapshot.family == "gem-miner"
    if kind == "fc":
        init = INITIALISATION["gem-miner" if gem else "fc"]
        hidden = [str(weight.shape[0]) for weight in snapshot.weights().values()][:-1]
        if hidden == ["100"] * 5:
            yield {"architecture": "fc-gem" if gem else "fc", **init}
        for bias in ("none", "hidden", "all"):
            yield {"architecture": "plan", "linear": hidden, "activation": "relu", "bias": bias, **init}
    elif kind.startswith("resnet"):
        init = INITIALISATION["gem-miner" if gem else "resnet"]
        for variant in ("-gem", "", "-pad"):
            selections = (WITHOUT_SHORTCUTS, ("all",)) if variant == "-gem" else (("all",),)
            for prunable in selections:
                yield {"architecture": f"{kind}{variant}", "prunable": prunable, **init}


def _images(snapshot: Snapshot) -> tuple[InputShape | None, int]:
    weights = list(snapshot.weights().values())
    heads = [weight for weight in weights if weight.dim() == 2 or weight.shape[2:] == (1, 1)]
    head = heads[-1] if heads else weights[-1]
    return IMAGES.get(weights[0].shape[1]), head.shape[0]


def _pairs(snapshot: Snapshot, target: str, layers: tuple[PrunableLayer, ...]) -> Iterator[tuple[str, str]]:
    """Yield (their name, ours) of every tensor that has a place in a network of ours."""
    if not target.startswith("resnet"):
        for theirs, ours in zip(snapshot.layers, layers, strict=False):
            yield f"{theirs}{WEIGHT}", ours.name
            yield f"{theirs}.bias", ours.name.removesuffix("weight") + "bias"
        return
    depth = int(re.findall(r"\d+", target)[0])
    for name in (*snapshot.rest(), *(f"{layer}{WEIGHT}" for layer in snapshot.layers)):
        yield name, _residual(name, (depth - 2) // 6)


def _residual(name: str, blocks: int) -> str:
    """Return a name of a residual network's tensor as OpenLTH, and we, have it."""
    match = STAGE.fullmatch(name)
    if match:
        return f"blocks.{(int(match[1]) - 1) * blocks + int(match[2])}.{match[3]}"
    for head in HEADS:
        if name.startswith(head):
            return f"fc.{name.removeprefix(head)}"
    return re.sub(r"^(conv|bn)1\.", r"\1.", name)


def _fits(snapshot: Snapshot, names: dict[str, str], wanted: dict[str, tuple[int, ...]]) -> bool:
    """Return whether every tensor of ours is there, and everything there is has a place here or does nothing."""
    sizes: dict[str, int] = {}
    for theirs, ours in list(names.items()):
        value = snapshot.tensors.get(theirs)
        if value is None:
            del names[theirs]
        elif ours in wanted:
            sizes[ours] = value.numel()
        elif theirs.endswith(SCALE) and bool((value == 1).all()):
            del names[theirs]  # a fixed factor of 1 is no factor
        else:
            return False
    placed = set(names) | {name for name in snapshot.rest() if name.endswith(SCALE)}
    counts = {name: math.prod(shape) for name, shape in wanted.items()}
    fits = all(sizes[name] == counts[name] for name in sizes) and set(snapshot.rest()) <= placed
    return fits and all(UNSAID.search(name) for name in counts.keys() - sizes.keys())


def unsaid(name: str, shape: tuple[int, ...]) -> Tensor:
    """Return what a part of normalisation is where files leave it out: a shift of 0, a factor of 1, no batches seen."""
    if name.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.int64)
    return torch.zeros(shape) if name.endswith("bias") else torch.ones(shape)


def _own_names(snapshot: Snapshot) -> Naming:
    weights = snapshot.weights()
    linear = [layer for layer, weight in weights.items() if weight.dim() == 2]
    kinds = {
        f"{layer}{WEIGHT}": "conv" if weight.dim() == 4 else "output" if [layer] == linear[-1:] else "linear"
        for layer, weight in weights.items()
    }
    names = {name: name for name in (*kinds, *snapshot.rest())}
    return Naming({"architecture": architecture(snapshot)}, names, kinds, {}, None, 0)
