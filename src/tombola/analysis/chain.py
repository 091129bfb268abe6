"""A network made of arrays: layers in a row, for weights that come without a network."""

from collections.abc import Collection, Mapping

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from tombola.errors import TombolaError


class Chain(nn.Module):
    """Parts one after the other, each at a path of its own: ``layers.0`` lies in ``layers``, as in a state dict."""

    def __init__(self, parts: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self._order = tuple(parts)
        for path, part in parts.items():
            place, (*folders, name) = self, path.split(".")
            for folder in folders:
                if not isinstance(getattr(place, folder, None), nn.Module):
                    place.add_module(folder, nn.Module())
                place = place.get_submodule(folder)  # type: ignore[assignment]
            place.add_module(name, part)

    def forward(self, x: Tensor) -> Tensor:
        """Return what the parts make of images, one after the other."""
        for path in self._order:
            x = self.get_submodule(path)(x)
        return x


def chain(
    weights: Mapping[str, Float[np.ndarray, "..."]], biases: Mapping[str, Float[np.ndarray, " units"]]
) -> tuple[nn.Module, tuple[int, int, int]]:
    """Return layers one after the other, ReLU between, and the shape of images they take.

    Parameters
    ----------
    weights
        Layer name -> weights, shaped (outputs, inputs[, height, width]), in order. Names may be paths: ``layers.0``.
    biases
        Layer name -> biases, of layers that have them.

    Raises
    ------
    TombolaError
        If a linear layer does not fit the maps before it, or a name cannot be that of a layer.
    """
    if not weights:
        raise TombolaError("a network of arrays needs weights of one layer at least")
    parts: dict[str, nn.Module] = {}
    names = list(weights)
    inside = next(((one, two) for one in names for two in names if two.startswith(f"{one}.")), None)
    if inside is not None:
        raise TombolaError(f"layer '{inside[1]}' cannot lie inside layer '{inside[0]}'; rename one of them")
    first = weights[names[0]]
    features = _map_side(weights)
    shape = (first.shape[1], features, features) if first.ndim == 4 else (1, 1, first.shape[1])
    taken = {name.partition(".")[0] for name in names}
    flat = False
    for number, (name, values) in enumerate(weights.items()):
        outputs, inputs = values.shape[:2]
        if values.ndim == 4:
            kernel = (values.shape[2], values.shape[3])
            part: nn.Module = nn.Conv2d(inputs, outputs, kernel, padding="same", bias=name in biases)
        else:
            if not flat:
                parts[_free("flatten", taken)], flat = nn.Flatten(), True
            part = nn.Linear(inputs, outputs, bias=name in biases)
        with torch.no_grad():
            part.weight.copy_(torch.from_numpy(np.ascontiguousarray(values, np.float32)))  # type: ignore[operator]
            if name in biases:
                part.bias.copy_(torch.from_numpy(np.ascontiguousarray(biases[name], np.float32)))  # type: ignore[operator]
        parts[name] = part
        if name != names[-1]:
            parts[_free(f"relu{number}", taken)] = nn.ReLU()
    try:
        return Chain(parts), shape
    except (KeyError, AttributeError) as error:
        raise TombolaError(
            f"layers cannot be called {', '.join(map(repr, names))}: {error.args[0]}; use names like 'layers.0', 'head'"
        ) from None


def _free(name: str, taken: Collection[str]) -> str:
    """Return a name for a part without weights that no layer has."""
    while name in taken:
        name += "_"
    return name


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
