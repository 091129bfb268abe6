"""Pruning a module in one call, for Python users."""

from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import nn

from tombola.data.dataset import Dataset
from tombola.networks import State, capture, prunable_layers
from tombola.pruning.context import Batches, ScoreContext
from tombola.pruning.images import score_batches
from tombola.pruning.mask import Mask
from tombola.pruning.ramp import ramp_density
from tombola.pruning.request import Request, kept_at
from tombola.pruning.rounds import prune_in_rounds
from tombola.streams import stream_seed

SCORE_BATCH = 256
"""Images that go through a network at a time while it is scored; only memory depends on it."""


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
    data: Dataset | None = None,
    samples_per_class: int = 10,
    batches: Batches | None = None,
    input_shape: tuple[int, ...] | None = None,
    rounds: int = 1,
    ramp: str = "exponential",
    invert: bool = False,
) -> Mask:
    """Return the mask that leaves a network the given density; the network itself is not changed.

    Of n prunable weights exactly n - round(n x (1 - density)) remain. Apply the mask with ``mask.apply_(module)``, or
    hand it to ``tombola.fit(module, data, mask=mask)``, which holds it while training.

    Parameters
    ----------
    module
        Any network, on any device, scored in the mode it is in.
    density
        Fraction of the selected weights that remain, in (0, 1].
    score, allocation
        Registered names.
    select
        Which weights count as prunable; see `tombola.networks.prunable_layers`.
    rounding
        ``"ceil"``, ``"floor"``, ``"nearest"`` or ``"percentile"``, of the number removed.
    ties
        ``"index"`` or ``"seeded"``: which of equal scores goes first.
    floor
        Survivors that every layer keeps at least.
    seed
        Of random scores, seeded ties and drawn images.
    mask
        Prune on from here; it must cover the selected weights. Weights pruned there stay pruned.
    initial
        The network's state before training (`tombola.networks.capture`), for scores that compare with it; default: the
        present state.
    data
        Images for scores that need some (``snip``, ``grasp``): as many of each class from the training part, normalised
        as in training, not augmented.
    samples_per_class
        How many.
    batches
        In place of `data`: a list of pairs of images, as the network gets them, and labels.
    input_shape
        (channels, height, width), for scores that need no more of images than that (``synflow``).
    rounds
        How often weights are scored and pruned on the way to the density (``synflow``: 100).
    ramp
        ``"exponential"`` or ``"linear"``: densities of the rounds.
    invert
        Remove the highest scores first.

    Raises
    ------
    TombolaError
        If an argument is wrong or the density cannot be reached, naming it and the way out.

    Examples
    --------
    >>> module = nn.Linear(10, 10)
    >>> prune(module, density=0.2).remaining()
    {'weight': 20}
    >>> prune(module, density=0.2, score="synflow", rounds=100, input_shape=(10,)).remaining()
    {'weight': 20}
    """
    layers = prunable_layers(module, select)
    generator = torch.Generator().manual_seed(stream_seed(seed, "score"))
    request = Request.for_density(layers, density, rounding=rounding, ties=ties, floor=floor, generator=generator)
    state = capture(module)

    def images() -> Batches:
        if data is None or batches is not None:
            return batches or ()
        drawn = torch.Generator().manual_seed(stream_seed(seed, "samples"))
        return score_batches(data, samples_per_class, SCORE_BATCH, drawn)

    context = ScoreContext(
        layers=layers,
        mask=Mask.dense(layers) if mask is None else mask,
        final=state,
        initial=state if initial is None else initial,
        generator=generator,
        make_module=lambda: deepcopy(module),
        make_batches=images if data is not None or batches is not None else None,
        input_shape=data.input_shape if input_shape is None and data is not None else input_shape,
    )
    size = sum(layer.size for layer in layers)
    totals = [kept_at(size, ramp_density(density, done, rounds, ramp), rounding) for done in range(1, rounds + 1)]
    return prune_in_rounds(context, score, allocation, request, totals, invert=invert).mask
