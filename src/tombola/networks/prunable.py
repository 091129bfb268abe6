"""The prunable set: weight tensors of convolutions and linear layers, attention projections included."""

import math
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from torch import nn

from tombola.errors import TombolaError, nearest
from tombola.networks.kinds import CONVOLUTIONS

LayerKind = Literal["conv", "linear", "output"]

SELECTIONS: dict[str, tuple[LayerKind, ...]] = {
    "all": ("conv", "linear", "output"),
    "hidden": ("conv", "linear"),
    "conv": ("conv",),
    "linear": ("linear", "output"),
}
AWAY = "!"
ATTENTION_WEIGHTS = ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")


@dataclass(frozen=True)
class PrunableLayer:
    """One prunable weight tensor.

    Attributes
    ----------
    name
        Its parameter name, as in ``state_dict()``: ``"linear.0.weight"``.
    kind
        ``"conv"``, ``"linear"`` (hidden), or ``"output"``: the last linear layer.
    shape
        Of the tensor.
    """

    name: str
    kind: LayerKind
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of weights."""
        return math.prod(self.shape)


def weight_named(layer: str, names: Container[str]) -> str | None:
    """Return which of some parameter names a layer means, said with or without its ``.weight``; None for none of them.

    Examples
    --------
    >>> weight_named("conv.0", ["conv.0.weight"]), weight_named("conv", ["conv.0.weight"])
    ('conv.0.weight', None)
    """
    return next((name for name in (layer, f"{layer}.weight") if name in names), None)


def prunable_layers(module: nn.Module, select: Sequence[str] = ("all",)) -> tuple[PrunableLayer, ...]:
    """Return the prunable weights of a network, in module order; biases and normalisation never.

    Parameters
    ----------
    module
        Any network; only shapes are read, so it may be on the meta device.
    select
        Tokens, of which each adds weights: ``all``, ``hidden`` (all but the output layer), ``conv``, ``linear`` (output
        layer included), or shell patterns over parameter names (``"linear.*"``). After a ``!`` each takes weights away,
        wherever it stands: ``("all", "!*shortcut*")``.

    Raises
    ------
    TombolaError
        If a token matches nothing, nothing is added or left, or a chosen weight is shared with another layer or
        computed.
    """
    if isinstance(select, str):
        select = (select,)
    every = tuple(_all_layers(module))
    names = [layer.name for layer in every]
    for token in select:
        bare = token.removeprefix(AWAY)
        if bare not in SELECTIONS and not any(fnmatchcase(name, bare) for name in names):
            kept = any(fnmatchcase(name, bare) for name in module.state_dict())
            why = "matches only biases or normalisation, which are never pruned" if kept else "matches no weight"
            raise TombolaError(f"network.prunable: '{token}' {why}{_hint(bare, names)}")
    added = [token for token in select if not token.startswith(AWAY)]
    taken = [token.removeprefix(AWAY) for token in select if token.startswith(AWAY)]
    if taken and not added:
        raise TombolaError(
            f"network.prunable = {list(select)} only takes away; name first what is pruned: {['all', *select]}"
        )
    chosen = tuple(
        layer
        for layer in every
        if any(_selects(token, layer) for token in added) and not any(_selects(token, layer) for token in taken)
    )
    if not chosen:
        raise TombolaError(f"network.prunable = {list(select)} selects no weight of this network{_hint('', names)}")
    _refuse_shared(module, chosen)
    return chosen


def _hint(wrong: str, names: Sequence[str]) -> str:
    """Return what could have been meant; of a deep network not every name."""
    hint, most = nearest(wrong, [*SELECTIONS, *names]), 12
    if len(names) <= most or "did you mean" in hint:
        return hint
    return f" (choose from {', '.join(sorted(SELECTIONS))}, or patterns over {len(names)} names like {names[0]})"


def _selects(token: str, layer: PrunableLayer) -> bool:
    return layer.kind in SELECTIONS[token] if token in SELECTIONS else fnmatchcase(layer.name, token)


def _all_layers(module: nn.Module) -> Iterator[PrunableLayer]:
    parts = list(module.named_modules())
    # an attention block's own output projection is no output layer of the network
    projections = {id(part.out_proj) for _, part in parts if isinstance(part, nn.MultiheadAttention)}
    linear = [part for _, part in parts if isinstance(part, nn.Linear) and id(part) not in projections]
    for name, part in parts:
        prefix = f"{name}." if name else ""
        weights = dict(part.named_parameters(recurse=False))
        if isinstance(part, nn.MultiheadAttention):
            for weight in ATTENTION_WEIGHTS:
                if weight in weights:
                    yield PrunableLayer(f"{prefix}{weight}", "linear", tuple(weights[weight].shape))
        elif isinstance(part, (*CONVOLUTIONS, nn.Linear)):
            if "weight" not in weights or isinstance(weights["weight"], nn.UninitializedParameter):
                raise TombolaError(
                    f"layer '{name}' has no plain weight tensor (it is lazy or parametrised), so it cannot be pruned; "
                    "run one batch through it or remove the parametrisation first"
                )
            kind: LayerKind = "linear"
            if isinstance(part, CONVOLUTIONS):
                kind = "conv"
            elif linear and part is linear[-1]:
                kind = "output"
            yield PrunableLayer(f"{prefix}weight", kind, tuple(weights["weight"].shape))


def _refuse_shared(module: nn.Module, layers: Sequence[PrunableLayer]) -> None:
    chosen = {layer.name for layer in layers}
    owners: dict[int, list[str]] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        owners.setdefault(id(parameter), []).append(name)
    for names in owners.values():
        if len(names) > 1 and chosen & set(names):
            raise TombolaError(
                f"weight '{names[0]}' is shared with '{names[1]}', so one mask cannot hold it; "
                "leave it out of network.prunable by naming the others"
            )
