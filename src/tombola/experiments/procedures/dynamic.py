"""Dynamic sparse training: a random sparse mask that moves while its network is trained (SET, RigL)."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import cos, pi

import torch
from torch import Tensor

from tombola.experiments.procedures.context import LevelContext
from tombola.experiments.procedures.dense import dense_trial
from tombola.experiments.procedures.rule import Procedure, procedures
from tombola.experiments.trial import Trial, with_initial
from tombola.pruning import Mask, Request, Ticket, allocations
from tombola.pruning.regrow import Movement, drop_and_grow
from tombola.specs import ExperimentSpec, Length
from tombola.specs.tokens import exact
from tombola.streams import stream_seed
from tombola.training.moves import Moment, Moves

Growth = Callable[[Moment, torch.Generator], dict[str, Tensor]]
"""(what a rule sees, its random stream) -> a number per weight; the highest grow."""


def by_gradient(moment: Moment, generator: torch.Generator) -> dict[str, Tensor]:
    """Let weights grow where the gradient of the loss is largest (RigL, Evci et al. 2020)."""
    return {name: gradient.abs() for name, gradient in moment.gradients().items()}


def at_random(moment: Moment, generator: torch.Generator) -> dict[str, Tensor]:
    """Let weights grow anywhere (SET, Mocanu et al. 2018)."""
    return {name: torch.rand(weight.shape, generator=generator) for name, weight in moment.weights.items()}


@dataclass(frozen=True)
class Rule:
    """The rule of a level's mask: what share of its survivors it replaces at a step, and where others grow.

    Attributes
    ----------
    growth
        Where weights grow.
    seed, replicate, level
        Select the random streams.
    fraction, decay, end
        Share at the first update; ``cosine`` lets it fall to 0 at step `end`, ``constant`` leaves it.
    """

    growth: Growth
    seed: int
    replicate: int
    level: int
    fraction: float
    decay: str
    end: int

    def __call__(self, moment: Moment) -> Movement:
        """Return where the mask goes."""
        seed = stream_seed(self.seed, "growth", self.replicate, self.level, moment.step)
        growth = self.growth(moment, torch.Generator().manual_seed(seed))
        return drop_and_grow(moment.mask, moment.weights, growth, self.share(moment.step))

    def share(self, step: int) -> Fraction:
        """Return the share of survivors that is replaced after a step (Evci et al. 2020, section 3)."""
        fallen = (1 + cos(pi * min(step, self.end) / self.end)) / 2 if self.decay == "cosine" else 1.0
        return exact(self.fraction) * Fraction(fallen)


def dynamic_trial(context: LevelContext, growth: Growth) -> Trial:
    """Draw a random mask by ``dynamic.distribution`` and let it move, from the replicate's initial weights.

    Levels do not depend on each other. Weights that grow start at zero; their past in the optimiser is forgotten. The
    ticket that is kept has the mask at the end of training, over the initial weights; controls train that one as it is.
    """
    parent, dense = context.parent, context.dense
    if parent is None or dense is None:
        return dense_trial(context)
    spec, dynamic = context.spec, context.spec.dynamic
    steps = Length.parse(spec.train.length).steps(context.per_epoch)
    every = Length.parse(dynamic.update_every).steps(context.per_epoch)
    end = int(steps * exact(dynamic.until))
    mask = first_mask(context)
    whole = context.initial()
    provenance = {"procedure": spec.prune.procedure, "first_mask": mask.digest()}
    rule = Rule(growth, spec.seed, context.replicate, context.level, dynamic.fraction, dynamic.decay, end)
    return Trial(
        with_initial(Ticket(whole, mask, provenance), whole),
        moves=Moves(frozenset(range(every, end, every)), rule),
        whole=whole,
    )


def first_mask(context: LevelContext) -> Mask:
    """Return a random mask of the level's density, spread over layers by ``dynamic.distribution``."""
    generator = context.generator("score")
    scores = {layer.name: torch.rand(layer.shape, generator=generator) for layer in context.layers}
    request = Request.for_total(context.layers, context.keep, floor=context.spec.prune.floor)
    return allocations[context.spec.dynamic.distribution](scores, Mask.dense(context.layers), request)


def refuses(spec: ExperimentSpec) -> str | None:
    """Return what does not go with masks that move."""
    if spec.prune.rewind != "init":
        return f"it trains from initialisation, and prune.rewind is '{spec.prune.rewind}'; take init"
    if spec.prune.holds_values:
        return f"weights that grow start at zero, and prune.pruned is '{spec.prune.pruned}'; take zero"
    if Length.parse(spec.dynamic.update_every).value == 0:
        return "dynamic.update_every must be at least one step"
    _ = allocations[spec.dynamic.distribution]
    return None


def told(spec: ExperimentSpec) -> str:
    """Return half a sentence on how masks move."""
    dynamic = spec.dynamic
    grow = "where gradients are largest" if spec.prune.procedure == "rigl" else "at random"
    return (
        f"{spec.prune.procedure}: random masks by {dynamic.distribution}, of which every {dynamic.update_every} up to "
        f"{dynamic.until:.0%} of training {dynamic.fraction:.0%} ({dynamic.decay}) are dropped and grow {grow}"
    )


for name, growth in (("rigl", by_gradient), ("set", at_random)):
    procedures.register(name)(
        Procedure(
            parent=lambda level: 0 if level else None,
            trial=lambda context, growth=growth: dynamic_trial(context, growth),  # type: ignore[misc]
            nested=False,
            within=False,
            by_layer=False,
            moves=True,
            told=told,
            refuses=refuses,
        )
    )
