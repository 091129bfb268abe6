"""Changes to the frozen weights that some searches ask for: on record, so that controls start from the same weights."""

import math
from collections.abc import Mapping
from typing import Any

import torch

from tombola.networks import State
from tombola.pruning import Mask
from tombola.search.arena import Arena, Flat
from tombola.search.task import SearchTask

WEIGHTS = "weights"
"""Where a ticket's provenance says how the weights that were searched differ from those that were initialised."""


def changes(task: SearchTask, mask: Mask | None = None) -> dict[str, Any]:
    """Return how the weights of a search differ from those that were initialised, as plain data; nothing, mostly.

    ``scale_fan`` divides them by the square root of the density to be kept, so that they are as large as an
    initialisation for the fan-in that remains would make them (published code goes by the density that is removed:
    sparse_analysis, section 4.3). ``signed_constant`` replaces them by their sign times the layer's standard deviation,
    and ``dynamic_scale`` multiplies each layer by size over survivors (Zhou et al. 2019).

    Parameters
    ----------
    task
        What is searched.
    mask
        What was found, at the end: of ``dynamic_scale``. None leaves that to every step.
    """
    factors = {layer.name: 1.0 for layer in task.layers}
    found: dict[str, Any] = {"constant": list(factors)} if task.search.signed_constant else {}
    if task.search.scale_fan:
        factors = dict.fromkeys(factors, 1 / math.sqrt(task.target))
    if task.search.dynamic_scale and mask is not None:
        survivors = mask.remaining()
        factors = {
            layer.name: factors[layer.name] * layer.size / max(survivors[layer.name], 1) for layer in task.layers
        }
    if any(factor != 1 for factor in factors.values()):
        found["scale"] = factors
    return found


def as_searched(state: State, provenance: Mapping[str, Any]) -> State:
    """Return a state with its prunable weights changed as those of a search were, by a ticket's provenance.

    Tickets of other procedures, and most of searches, say nothing: the state is returned as it is.
    """
    said = provenance.get(WEIGHTS, {})
    changed = dict(state)
    for name in said.get("constant", ()):
        changed[name] = changed[name].std(correction=0) * changed[name].sign()
    for name, factor in said.get("scale", {}).items():
        changed[name] = changed[name] * factor
    return changed


def layer_scale(arena: Arena) -> Flat:
    """Return, for every weight, the size of its layer over the survivors in the arena's mask (at least one)."""
    factors = [len(part) / part.sum().clamp_min(1) for part in torch.split(arena.mask, arena.sizes)]
    return torch.cat([factor.expand(size) for factor, size in zip(factors, arena.sizes, strict=True)])
