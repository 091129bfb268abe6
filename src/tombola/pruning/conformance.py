"""What every score has to do: checks that the package's tests run on each registered one, and users on their own."""

from copy import deepcopy
from dataclasses import replace
from itertools import pairwise

import torch

from tombola.errors import TombolaError
from tombola.networks import build, capture, initialise, prunable_layers
from tombola.pruning.allocation import allocations
from tombola.pruning.context import ScoreContext
from tombola.pruning.mask import Mask
from tombola.pruning.ranking import Scores
from tombola.pruning.rounds import prune_round
from tombola.pruning.schedule import planned_remaining
from tombola.pruning.scoring import score_weights
from tombola.specs import NetworkSpec, PruneSpec

NETWORK = NetworkSpec(family="conv", conv=("4B", "M", "6"), linear=("12", "8"))
SHAPE, CLASSES = (1, 8, 8), 5
LEVELS = 3


def example(seed: int = 0) -> ScoreContext:
    """Return what a score sees of a small network: convolutions, batch norm, linear layers, training images.

    Its state differs from the initial one, as after training.
    """
    module = build(NETWORK, SHAPE, CLASSES)
    initialise(module, NETWORK, torch.Generator().manual_seed(seed))
    initial = capture(module)
    noise = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=noise), alpha=0.1)
    images = torch.rand(10, *SHAPE, generator=noise)
    layers = prunable_layers(module)
    return ScoreContext(
        layers=layers,
        mask=Mask.dense(layers),
        final=capture(module),
        initial=initial,
        generator=torch.Generator().manual_seed(seed),
        make_module=lambda: deepcopy(module),
        make_batches=lambda: [(images[:6], torch.arange(6) % CLASSES), (images[6:], torch.arange(4))],
        input_shape=SHAPE,
    )


def check_score(name: str) -> None:
    """Check that a registered score does what all scores have to, in a second.

    It gives finite numbers for every prunable weight, the same ones for the same seed; it leaves network, states,
    gradients, images and the process's random state as they were; and every allocation makes masks of exact counts of
    it, each within the one before.

    Raises
    ------
    TombolaError
        For the first thing that is not so.

    Examples
    --------
    >>> check_score("magnitude")
    """
    for check in (_finite, _repeatable, _without_trace, _exact):
        check(name)


def _finite(name: str) -> None:
    for layer, values in score_weights(name, example()).items():
        if not bool(torch.isfinite(values).all()):
            raise TombolaError(f"score '{name}' is infinite or NaN in layer '{layer}' of an ordinary network")


def _repeatable(name: str) -> None:
    """The same scores again, whatever the process's own random state."""
    found: list[Scores] = []
    with torch.random.fork_rng(devices=[]):
        for seed in (1, 2):
            torch.default_generator.manual_seed(seed)
            before = torch.get_rng_state()
            found.append(score_weights(name, example()))
            if not torch.equal(torch.get_rng_state(), before):
                raise TombolaError(f"score '{name}' draws from torch's global generator; draw from context.generator")
    if not all(torch.equal(values, found[1][layer]) for layer, values in found[0].items()):
        raise TombolaError(f"score '{name}' differs from call to call; draw from context.generator only")


def _without_trace(name: str) -> None:
    context = example()
    images = [(batch.clone(), labels.clone()) for batch, labels in context.batches]
    module = context.module
    for parameter in module.parameters():
        parameter.grad = torch.ones_like(parameter)
    module.train()
    held = (context.final, context.initial, capture(module))
    before = deepcopy(held)
    found = score_weights(name, context)
    for state, kept in zip((*held[:2], capture(module)), before, strict=True):
        if not all(torch.equal(state[key], value) for key, value in kept.items()):
            raise TombolaError(f"score '{name}' changes the network or a state; work on copies")
    if not all(torch.equal(p.grad, torch.ones_like(p)) for p in module.parameters() if p.grad is not None):
        raise TombolaError(f"score '{name}' leaves gradients behind; use torch.autograd.grad on copies")
    if not module.training or not all(parameter.requires_grad for parameter in module.parameters()):
        raise TombolaError(f"score '{name}' leaves the network in another mode")
    for (batch, labels), (kept_batch, kept_labels) in zip(context.batches, images, strict=True):
        if not (torch.equal(batch, kept_batch) and torch.equal(labels, kept_labels)):
            raise TombolaError(f"score '{name}' changes the images it is given")
    owned = {value.untyped_storage().data_ptr() for state in held[:2] for value in state.values()}
    if owned & {value.untyped_storage().data_ptr() for value in found.values()}:
        raise TombolaError(f"score '{name}' returns weights themselves; return new tensors")


def _exact(name: str) -> None:
    for allocation in allocations:
        if allocations[allocation].misses:
            continue
        spec = PruneSpec(score=name, allocation=allocation, levels=LEVELS, conv_rate=0.3)
        context = example()
        masks = [context.mask]
        for _ in range(LEVELS):
            masks.append(prune_round(replace(context, mask=masks[-1]), spec))
        counts = [plan.total for plan in planned_remaining(context.layers, spec)]
        if [mask.count for mask in masks] != counts:
            raise TombolaError(f"score '{name}' under allocation '{allocation}' misses the planned counts")
        if not all(after.is_within(before) for before, after in pairwise(masks)):
            raise TombolaError(f"score '{name}' under allocation '{allocation}' lets pruned weights return")
