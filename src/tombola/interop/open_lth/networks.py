"""Networks of open_lth in our terms: its LeNets are plans of ours, of all others only the names are known."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from tombola.networks import State
from tombola.pruning import Mask

HIDDEN = re.compile(r"fc_layers\.(\d{1,3})\.(weight|bias)")
OUTPUT = {"fc.weight": "output.weight", "fc.bias": "output.bias"}


@dataclass(frozen=True)
class Translation:
    """How an experiment's network is called here.

    Attributes
    ----------
    fields
        Fields of ``network``.
    names
        Their name → ours; names that are not in it stay.
    kinds
        Kind of each prunable weight, by our name.
    """

    fields: dict[str, Any]
    names: dict[str, str]
    kinds: dict[str, str]

    def state(self, state: State) -> State:
        """Return a state in our names."""
        return {self.names.get(name, name): value for name, value in state.items()}

    def mask(self, mask: Mask) -> Mask:
        """Return a mask in our names."""
        return Mask({self.names.get(name, name): keep for name, keep in mask.items()})


def translate(weights: Mapping[str, Tensor], prunable: Iterable[str], hparams: Mapping[str, str]) -> Translation:
    """Return how a network is called here.

    Parameters
    ----------
    weights
        A state of it, or its masks.
    prunable
        Names of prunable weights, in order.
    hparams
        Hyper-parameters, for the name and the initialisation of the model.
    """
    prunable = list(prunable)
    hidden = sorted({int(match[1]) for name in weights if (match := HIDDEN.fullmatch(name))})
    names: dict[str, str] = {}
    fields: dict[str, Any] = {"architecture": hparams.get("model_name", "unknown")}
    lenet = hidden == list(range(len(hidden))) and "fc.weight" in weights
    if lenet and all(HIDDEN.fullmatch(name) or name in OUTPUT for name in weights):
        units = [str(weights[f"fc_layers.{index}.weight"].shape[0]) for index in hidden]
        fields = {"family": "lenet", "activation": "relu", "linear": units}
        for name in [f"fc_layers.{index}.{part}" for index in hidden for part in ("weight", "bias")]:
            _, index, part = name.split(".")
            names[name] = f"linear.{2 * int(index)}.{part}"  # activations lie between our layers
        names |= OUTPUT
    if hparams.get("model_init") == "kaiming_normal":
        fields["weight_init"] = "kaiming-normal"
    linear = [name for name in prunable if weights[name].dim() == 2]
    kinds = {
        names.get(name, name): "conv" if weights[name].dim() > 2 else "output" if [name] == linear[-1:] else "linear"
        for name in prunable
    }
    return Translation(fields, names, kinds)
