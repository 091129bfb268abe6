"""Procedures: how the levels of an experiment follow from each other. Adding one is a function and a registry line."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch

from tombola.experiments.trial import Shape, Trial, fresh_state, with_initial
from tombola.networks import PrunableLayer, build, prunable_layers
from tombola.networks.state import State
from tombola.pruning import Mask, ScoreContext, Ticket, prune_round
from tombola.registry import Registry
from tombola.specs import ExperimentSpec
from tombola.store import StoredTicket
from tombola.streams import stream_seed


@dataclass(frozen=True)
class LevelContext:
    """What a procedure may use to make one level's ticket.

    Attributes
    ----------
    spec, shape, replicate, level
        The experiment, its network's input and classes, and where in it.
    parent
        The finished job this level is made from; None for the dense level.
    dense
        The finished dense level of the replicate; None for the dense level itself.
    """

    spec: ExperimentSpec
    shape: Shape
    replicate: int
    level: int
    parent: StoredTicket | None = None
    dense: StoredTicket | None = None

    @cached_property
    def layers(self) -> tuple[PrunableLayer, ...]:
        """The prunable layers of the network."""
        module = build(self.spec.network, self.shape.input_shape, self.shape.classes, device="meta")
        return prunable_layers(module, self.spec.network.prunable)

    def initial(self) -> State:
        """Return the replicate's complete initial state, the same at every call."""
        return fresh_state(self.spec, self.shape, stream_seed(self.spec.seed, "init", self.replicate))

    def generator(self, purpose: str) -> torch.Generator:
        """Return the level's own random stream for a purpose."""
        return torch.Generator().manual_seed(stream_seed(self.spec.seed, purpose, self.replicate, self.level))


@dataclass(frozen=True)
class Procedure:
    """A rule that leads from level to level.

    Attributes
    ----------
    parent
        Level -> the level it is made from, or None where it needs no trained network.
    trial
        Context -> the ticket to train.
    """

    parent: Callable[[int], int | None]
    trial: Callable[[LevelContext], Trial]


procedures: Registry[Procedure] = Registry("procedure")


def dense_trial(context: LevelContext) -> Trial:
    """Return the replicate's initial network with nothing pruned."""
    mask = Mask.dense(context.layers)
    return Trial(Ticket(context.initial(), mask, {"procedure": "dense"}))


def iterative_trial(context: LevelContext) -> Trial:
    """Prune what the level above ended with by one round, then rewind the survivors (Frankle & Carbin 2019, section 2).

    Scores see the weights after the last step. Rewinding is total: weights, biases, normalisation parameters and
    statistics return to step 0, or to step k with ``prune.rewind: step:k`` (Frankle et al. 2020); the optimiser is new.
    """
    spec, parent, dense = context.spec, context.parent, context.dense
    if parent is None or dense is None:
        return dense_trial(context)
    scoring = ScoreContext(
        layers=context.layers,
        mask=parent.mask,
        final=parent.trained,
        initial=dense.initial,
        generator=context.generator("score"),
    )
    mask = prune_round(scoring, spec.prune)
    state = dense.rewind if spec.prune.rewind_step else dense.initial
    if spec.prune.reset == "weights-only":
        weights = {layer.name for layer in context.layers}
        state = {name: state[name] if name in weights else value for name, value in parent.trained.items()}
    provenance = {
        "procedure": "iterative",
        "score": spec.prune.score,
        "rewind": spec.prune.rewind,
        "reset": spec.prune.reset,
    }
    return Trial(with_initial(Ticket(state, mask, provenance), state), start_step=spec.prune.rewind_step)


procedures.register("iterative")(Procedure(parent=lambda level: level - 1 if level else None, trial=iterative_trial))
