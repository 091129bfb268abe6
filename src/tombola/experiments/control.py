"""Controls: a level trained again with one thing changed. Adding one is a function and a registry line."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch

from tombola.experiments.trial import Shape, Trial, fresh_state, with_initial
from tombola.networks.state import State
from tombola.pruning import Ticket
from tombola.registry import Registry
from tombola.specs import ExperimentSpec
from tombola.store import StoredTicket
from tombola.streams import stream_seed


@dataclass(frozen=True)
class ControlContext:
    """What a control may use.

    Attributes
    ----------
    spec, shape, replicate, level, name, repetition
        The experiment, its network's input and classes, and where in it.
    original
        The finished ticket that the control is a control of.
    """

    spec: ExperimentSpec
    shape: Shape
    replicate: int
    level: int
    name: str
    repetition: int
    original: StoredTicket

    @property
    def seed(self) -> int:
        """Seed of the control's own random stream."""
        return stream_seed(self.spec.seed, "control", self.replicate, self.level, self.name, self.repetition)

    @cached_property
    def generator(self) -> torch.Generator:
        """The control's own random stream, at its start."""
        return torch.Generator().manual_seed(self.seed)

    @cached_property
    def ticket(self) -> Ticket:
        """The original's mask and initial state."""
        return Ticket(self.original.initial, self.original.mask, self.original.provenance)

    def fresh_state(self) -> State:
        """Return a network state drawn from the control's stream, independent of the original in every tensor."""
        return fresh_state(self.spec, self.shape, self.seed)


Control = Callable[[ControlContext], Trial]

controls: Registry[Control] = Registry("control")


@controls.register("reinit")
def reinit(context: ControlContext) -> Trial:
    """Keep the mask, draw everything else anew (random re-initialisation, Frankle & Carbin 2019, section 2).

    Weights, biases and normalisation come from a fresh stream; training takes its full length from step 0.
    """
    ticket = Ticket({}, context.original.mask, {"control": context.name, "repetition": context.repetition})
    return Trial(with_initial(ticket, context.fresh_state()))
