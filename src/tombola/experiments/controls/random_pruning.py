"""The control of the score: as much is pruned, level after level, and what goes is drawn."""

from dataclasses import replace

import torch

from tombola.experiments.controls.chain import above, unchained
from tombola.experiments.controls.context import ControlContext
from tombola.experiments.controls.rule import controls
from tombola.experiments.trial import Trial
from tombola.networks import build, prunable_layers
from tombola.pruning import Mask, Request, allocations

NAME = "random-pruning"


@controls.register(NAME, needs=above, refuses=unchained, chains=True)
def random_pruning(context: ControlContext) -> Trial:
    """Prune as many weights of every layer at random, level after level, each fine-tuned as the ticket is.

    A chain of its own: level p removes random survivors of level p - 1 of the same control (of the dense network at
    level 1), down to the ticket's count in every layer, and goes on from the weights that one ended with. Allocations
    of whole units (``channel``, ``nm``) draw units.
    """
    trial = context.again(context.above.trained, drawn(context))
    provenance = {**trial.ticket.provenance, "score": "random"}
    return replace(trial, ticket=replace(trial.ticket, provenance=provenance))


def drawn(context: ControlContext) -> Mask:
    """Return a random mask within that of the level above, with the ticket's counts per layer."""
    spec, shape = context.spec, context.shape
    module = build(spec.network, shape.input_shape, shape.classes, device="meta")
    layers = prunable_layers(module, spec.network.prunable)
    counts = context.mask.remaining()
    request = replace(Request.for_total(layers, sum(counts.values())), counts=counts, group=spec.prune.group)
    scores = {layer.name: torch.rand(layer.shape, generator=context.generator) for layer in layers}
    rule = allocations[spec.prune.allocation]
    return (rule if rule.whole else allocations["layerwise"])(scores, context.above.mask, request)
