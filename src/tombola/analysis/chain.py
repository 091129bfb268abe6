"""A network made of arrays: layers in a row, for weights that come without a network."""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from tombola.errors import TombolaError


def chain(
    weights: Mapping[str, Float[np.ndarray, "..."]], biases: Mapping[str, Float[np.ndarray, " units"]]
) -> tuple[nn.Module, tuple[int, int, int]]:
    """Return layers one after the other, ReLU between, and the shape of images they take.

    Parameters
    ----------
    weights
        Layer name -> weights, shaped (outputs, inputs[, height, width]), in order.
    biases
        Layer name -> biases, of layers that have them.

    Raises
    ------
    TombolaError
        If a linear layer does not fit the maps before it.
    """
    parts: dict[str, nn.Module] = {}
    names = list(weights)
    first = weights[names[0]]
    features = _map_side(weights)
    shape = (first.shape[1], features, features) if first.ndim == 4 else (1, 1, first.shape[1])
    flat = False
    for name, values in weights.items():
        outputs, inputs = values.shape[:2]
        if values.ndim == 4:
            kernel = (values.shape[2], values.shape[3])
            part: nn.Module = nn.Conv2d(inputs, outputs, kernel, padding="same", bias=name in biases)
        else:
            if not flat:
                parts["flatten"], flat = nn.Flatten(), True
            part = nn.Linear(inputs, outputs, bias=name in biases)
        with torch.no_grad():
            part.weight.copy_(torch.from_numpy(np.ascontiguousarray(values, np.float32)))  # type: ignore[operator]
            if name in biases:
                part.bias.copy_(torch.from_numpy(np.ascontiguousarray(biases[name], np.float32)))  # type: ignore[operator]
        parts[name] = part
        if name != names[-1]:
            parts[f"{name}_relu"] = nn.ReLU()
    module = nn.Sequential()
    for name, part in parts.items():
        module.add_module(name, part)
    return module, shape


def _map_side(weights: Mapping[str, Float[np.ndarray, "..."]]) -> int:
    """Return the side of the maps that fits convolutions followed by a linear layer, as far as there are both."""
    channels, side = 0, 1
    for values in weights.values():
        if values.ndim == 4:
            channels = values.shape[0]
        elif channels:
            side = int(np.sqrt(values.shape[1] // channels))
            if channels * side * side != values.shape[1]:
                raise TombolaError(
                    f"a linear layer takes {values.shape[1]} features and the convolution before it has {channels} "
                    "channels; they do not make square maps"
                )
            break
    return side
