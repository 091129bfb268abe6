"""Pruning a module in one call, for Python users."""

from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import nn

from tombola.networks import State, capture, prunable_layers
from tombola.pruning.context import ScoreContext
from tombola.pruning.mask import Mask
from tombola.pruning.request import Request
from tombola.pruning.rounds import prune_by
from tombola.streams import stream_seed


def prune(
    module: nn.Module,
    *,
    density: float,
    score: str = "magnitude",
    allocation: str = "global",
    select: Sequence[str] = ("all",),
    rounding: str = "ceil",
    ties: str = "index",
    floor: int = 0,
    seed: int = 0,
    mask: Mask | None = None,
    initial: State | None = None,
) -> Mask:
    """Return the mask that leaves a network the given density; the network itself is not changed.

    Of n prunable weights exactly n - round(n x (1 - density)) remain. Apply the mask with ``mask.apply_(module)``, or
    hand it to ``tombola.fit(module, data, mask=mask)``, which holds it while training.

    Parameters
    ----------
    module
        Any network, on any device.
    density
        Fraction of the selected weights that remain, in (0, 1].
    score, allocation
        Registered names.
    select
        Which weights count as prunable; see `tombola.networks.prunable_layers`.
    rounding
        ``"ceil"``, ``"floor"`` or ``"nearest"``, of the number removed.
    ties
        ``"index"`` or ``"seeded"``: which of equal scores goes first.
    floor
        Survivors that every layer keeps at least.
    seed
        Of random scores and seeded ties.
    mask
        Prune on from here; it must cover the selected weights. Weights pruned there stay pruned.
    initial
        The network's state before training (`tombola.networks.capture`), for scores that compare with it; default: the
        present state.

    Raises
    ------
    TombolaError
        If an argument is wrong or the density cannot be reached, naming it and the way out.

    Examples
    --------
    >>> module = nn.Linear(10, 10)
    >>> prune(module, density=0.2).remaining()
    {'weight': 20}
    """
    layers = prunable_layers(module, select)
    generator = torch.Generator().manual_seed(stream_seed(seed, "score"))
    request = Request.for_density(layers, density, rounding=rounding, ties=ties, floor=floor, generator=generator)
    state = capture(module)
    context = ScoreContext(
        layers=layers,
        mask=Mask.dense(layers) if mask is None else mask,
        final=state,
        initial=state if initial is None else initial,
        generator=generator,
        make_module=lambda: deepcopy(module),
    )
    return prune_by(context, score, allocation, request)
