"""One stored state of one network, of either family: its prunable layers with weights, masks and scores.

Masks are what the reference (sparse_analysis, sections 2.3 and 9.2) says they are: of the SynFlow family
``weight_mask``; of the Gem-Miner family nominally ``flag``, but effectively ``flag and score > .5``.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from tombola.errors import TombolaError
from tombola.interop.restricted import LIMIT, is_state_dict, read_torch
from tombola.interop.restricted_builders import NUMBERS, PARAMETERS

Family = Literal["gem-miner", "synaptic-flow"]

FLAG, SCORES, BIAS_FLAG, BIAS_SCORES = ".flag", ".scores", ".bias_flag", ".bias_scores"
WEIGHT, WEIGHT_MASK, BIAS_MASK = ".weight", ".weight_mask", ".bias_mask"
MARKS: dict[Family, str] = {"gem-miner": FLAG, "synaptic-flow": WEIGHT_MASK}
WRAPPERS = ("state_dict", "model_state_dict", "model")
PARALLEL = "module."
THRESHOLD = 0.5


@dataclass(frozen=True)
class Snapshot:
    """A network at one moment.

    Attributes
    ----------
    path
        The file.
    family
        Which program wrote it.
    tensors
        Everything in it, by name.
    layers
        Names of prunable layers in network order, without ``.weight``.
    """

    path: Path
    family: Family
    tensors: dict[str, Tensor]
    layers: tuple[str, ...]

    def weights(self) -> dict[str, Tensor]:
        """Return the prunable weights by layer, as they are in the file."""
        return {layer: self.tensors[f"{layer}{WEIGHT}"] for layer in self.layers}

    def scores(self) -> dict[str, Tensor]:
        """Return the scores by layer; none in the SynFlow family."""
        return {layer: self.tensors[f"{layer}{SCORES}"] for layer in self.layers if f"{layer}{SCORES}" in self.tensors}

    def marks(self) -> dict[str, Tensor]:
        """Return flags or masks by layer, as they are in the file."""
        return {layer: self.tensors[f"{layer}{MARKS[self.family]}"] for layer in self.layers}

    def nominal(self) -> dict[str, Tensor]:
        """Return which weights count as kept by the file's own label: layer -> bool tensor."""
        return {layer: mark == 1 for layer, mark in self.marks().items()}

    def effective(self) -> dict[str, Tensor]:
        """Return which weights take part in the forward pass: layer -> bool tensor."""
        scores = self.scores()
        return {
            layer: keep & (scores[layer] > THRESHOLD) if layer in scores else keep
            for layer, keep in self.nominal().items()
        }

    def rest(self) -> dict[str, Tensor]:
        """Return the state besides prunable weights, masks and scores: biases, normalisation, shortcuts."""
        masks = (FLAG, SCORES, BIAS_FLAG, BIAS_SCORES, WEIGHT_MASK, BIAS_MASK)
        prunable = {f"{layer}{WEIGHT}" for layer in self.layers}
        return {
            name: value for name, value in self.tensors.items() if not name.endswith(masks) and name not in prunable
        }

    def dummies(self) -> dict[str, Tensor]:
        """Return the stand-ins for flags and scores of biases that do not exist; their values mean nothing."""
        return {
            name: value
            for name, value in self.tensors.items()
            if name.endswith((BIAS_FLAG, BIAS_SCORES)) and f"{name.rpartition('.')[0]}.bias" not in self.tensors
        }

    @property
    def size(self) -> int:
        """Number of prunable weights."""
        return sum(value.numel() for value in self.weights().values())


def read_snapshot(path: Path, limit: int = LIMIT) -> Snapshot | None:
    """Return the network that a file holds; None if it holds none of either family.

    Raises
    ------
    TombolaError
        If the file is damaged, or asks for more than tensors.
    """
    value = read_torch(path, globals=dict(NUMBERS) | dict(PARAMETERS), limit=limit)
    if isinstance(value, dict) and not is_state_dict(value):
        value = next((value[key] for key in WRAPPERS if is_state_dict(value.get(key))), value)
    if not is_state_dict(value):
        return None
    tensors = {name.removeprefix(PARALLEL): tensor for name, tensor in value.items()}
    family = _family(tensors)
    return Snapshot(path, family, tensors, _layers(path, family, tensors)) if family else None


def _family(tensors: Mapping[str, Tensor]) -> Family | None:
    return next((name for name, mark in MARKS.items() if any(key.endswith(mark) for key in tensors)), None)


def _layers(path: Path, family: Family, tensors: Mapping[str, Tensor]) -> tuple[str, ...]:
    mark = MARKS[family]
    found = [key.removesuffix(mark) for key in tensors if key.endswith(mark)]
    layers = tuple(name for name in found if _prunable(tensors.get(f"{name}{WEIGHT}")))
    for name in layers:
        shape = tensors[f"{name}{WEIGHT}"].shape
        for part in (mark, SCORES):
            if f"{name}{part}" in tensors and tensors[f"{name}{part}"].shape != shape:
                raise TombolaError(f"{path}: '{name}{part}' and '{name}{WEIGHT}' are of different shapes")
    return layers


def _prunable(weight: Tensor | None) -> bool:
    """Return whether a tensor is that of a convolution or a linear layer, not a scale of channels."""
    if weight is None or weight.dim() not in (2, 4):
        return False
    return not (weight.dim() == 4 and weight.shape[0] == 1 and weight.shape[2:] == (1, 1))


def tensor_digest(tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of shapes and bytes of tensors in order, whatever their names."""
    content = hashlib.sha256()
    for value in tensors.values():
        content.update(repr(tuple(value.shape)).encode())
        content.update(value.contiguous().view(torch.uint8).numpy().tobytes())
    return content.hexdigest()
