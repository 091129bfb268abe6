"""The weights of one layer as pictures need them: an array with NaN where a weight is pruned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from tombola.errors import TombolaError, nearest
from tombola.networks import prunable_layers
from tombola.networks.prunable import weight_named
from tombola.pruning import Mask, Ticket
from tombola.store import Run, StoredTicket
from tombola.store.folder import TICKET, JobId
from tombola.store.tickets import StateName

STATES: tuple[StateName, ...] = get_args(StateName)


@dataclass(frozen=True)
class Weights:
    """One prunable layer in one state.

    Attributes
    ----------
    name
        The parameter's name.
    kind
        ``"conv"``, ``"linear"`` or ``"output"``.
    values
        Weights shaped (outputs, inputs, …), NaN where pruned or not finite.
    remaining
        Survivors, by the mask.
    """

    name: str
    kind: str
    values: Float[np.ndarray, "output input ..."]
    remaining: int

    @property
    def survivors(self) -> Float[np.ndarray, " n"]:
        """The finite surviving weights, in flat order."""
        return np.asarray(self.values[np.isfinite(self.values)])

    @property
    def density(self) -> float:
        """Fraction of the layer's weights that remain, by the mask."""
        return self.remaining / self.values.size if self.values.size else 1.0


def layer_weights(
    source: StoredTicket | Ticket | nn.Module | Mapping[str, Tensor],
    state: StateName = "trained",
    *,
    mask: Mask | None = None,
) -> tuple[Weights, ...]:
    """Return the prunable layers of a network, in order.

    Parameters
    ----------
    source
        A run's ticket in any state, a plain ticket (its initial state), a module, or a state; on any device.
    state
        For a run's ticket: ``"initial"``, ``"trained"`` or ``"early_stop"``.
    mask
        What is pruned, for modules and states; without one nothing is, whatever is zero.

    Raises
    ------
    TombolaError
        If the source is nothing of these, the state was not kept, or the mask belongs to another network.

    Examples
    --------
    >>> layer = layer_weights(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)))[0]
    >>> layer.name, layer.kind, layer.values.shape, layer.density
    ('1.weight', 'output', (2, 4), 1.0)
    """
    kinds: Mapping[str, str] = {}
    values: Mapping[str, Tensor]
    if isinstance(source, StoredTicket):
        check_state(state)
        values, mask, kinds = getattr(source, state), source.mask, source.info.kinds
    elif isinstance(source, Ticket):
        values, mask = source.initial, source.mask
    elif isinstance(source, nn.Module):
        kinds = {layer.name: layer.kind for layer in prunable_layers(source)}
        values = dict(source.named_parameters())
    elif isinstance(source, Mapping) and all(isinstance(value, Tensor) for value in source.values()):
        values = source
    else:
        raise TombolaError(f"a ticket, a module or a state has weights to draw; {type(source).__name__} has not")
    names = list(mask) if mask is not None else list(kinds) or [name for name, w in values.items() if w.ndim > 1]
    for name in names:
        if name not in values or (mask is not None and mask[name].shape != values[name].shape):
            raise TombolaError(f"the mask covers '{name}', which these weights lack or shape otherwise")
    shapes = {name: tuple(values[name].shape) for name in names}
    kinds = kinds or _kinds_by_shape(shapes)
    return tuple(_weights(name, kinds.get(name, "linear"), values[name], mask) for name in names)


def stored_weights(
    run: Run,
    replicate: int,
    level: int,
    state: StateName = "trained",
    *,
    control: str = TICKET,
    repetition: int = 0,
) -> tuple[Weights, ...]:
    """Return the layers of one of a run's networks, or raise one sentence that says why there are none."""
    check_state(state)
    return layer_weights(_ticket(run, JobId(replicate, level, control, repetition)), state)


def stored_masks(
    run: Run, replicate: int, level: int, *, control: str = TICKET, repetition: int = 0
) -> tuple[Weights, ...]:
    """Return the layers of one of a run's networks with every survivor 0: what is known where no state was kept."""
    ticket = _ticket(run, JobId(replicate, level, control, repetition))
    blank = {name: torch.zeros(shape) for name, shape in ticket.mask.shapes().items()}
    return tuple(_weights(name, ticket.info.kinds.get(name, "linear"), blank[name], ticket.mask) for name in blank)


def _ticket(run: Run, job: JobId) -> StoredTicket:
    if job not in run.jobs:
        raise TombolaError(f"{run.path.name} has no {job} (yet)")
    ticket = run.ticket(*job)
    if not ticket.path.is_dir():
        raise TombolaError(f"the states of {job} are not in {run.path.name}")
    return ticket


def check_state(state: str) -> None:
    """Raise one sentence where a run keeps no state of that name."""
    if state not in STATES:
        raise TombolaError(f"unknown state '{state}'{nearest(state, STATES)}")


def chosen_layer(layers: Sequence[Weights], layer: str | None, kinds: Sequence[str]) -> Weights | None:
    """Return the layer of that name, or the first of these kinds; None where there is none of them.

    A name may be given without its trailing ``.weight``.
    """
    fitting = {weights.name: weights for weights in layers if weights.kind in kinds}
    if layer is None:
        return next(iter(fitting.values()), None)
    found = weight_named(layer, fitting)
    if found is None:
        raise TombolaError(f"there is no layer '{layer}' to draw like this{nearest(layer, fitting)}")
    return fitting[found]


def _weights(name: str, kind: str, value: Tensor, mask: Mask | None) -> Weights:
    array = value.detach().to("cpu", torch.float32).numpy().copy()
    array[~np.isfinite(array)] = np.nan
    remaining = array.size
    if mask is not None:
        array[~mask[name].numpy()] = np.nan
        remaining = mask.remaining()[name]
    return Weights(name, kind, array, remaining)


def _kinds_by_shape(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, str]:
    linear = [name for name, shape in shapes.items() if len(shape) == 2]
    return {
        name: "conv" if len(shape) > 2 else "output" if name == linear[-1] else "linear"
        for name, shape in shapes.items()
    }
