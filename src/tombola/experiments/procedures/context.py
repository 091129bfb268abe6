"""What a procedure is given: the levels a level is made from, and random streams of its own."""

from dataclasses import dataclass
from functools import cached_property

import torch

from tombola.experiments.trial import Shape, fresh_state
from tombola.networks import PrunableLayer, build, prunable_layers
from tombola.networks.state import State
from tombola.pruning import ScoreContext
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
    per_epoch
        Batches of one epoch, for lengths given in epochs.
    """

    spec: ExperimentSpec
    shape: Shape
    replicate: int
    level: int
    parent: StoredTicket | None = None
    dense: StoredTicket | None = None
    per_epoch: int = 1

    @cached_property
    def layers(self) -> tuple[PrunableLayer, ...]:
        """The prunable layers of the network."""
        module = build(self.spec.network, self.shape.input_shape, self.shape.classes, device="meta")
        return prunable_layers(module, self.spec.network.prunable)

    def initial(self) -> State:
        """Return the replicate's complete initial state, the same at every call."""
        return fresh_state(self.spec, self.shape, stream_seed(self.spec.seed, "init", self.replicate))

    def generator(self, purpose: str, level: int | None = None) -> torch.Generator:
        """Return a level's own random stream for a purpose, at its start; default: this level's."""
        where = self.level if level is None else level
        return torch.Generator().manual_seed(stream_seed(self.spec.seed, purpose, self.replicate, where))

    def scoring(self, parent: StoredTicket, dense: StoredTicket, level: int | None = None) -> ScoreContext:
        """Return what scores see of a finished level: its weights after the last step, its mask, and step 0.

        Parameters
        ----------
        parent, dense
            The level, and the dense level of its replicate.
        level
            Whose random stream scores draw from; default: that of the level to be made.
        """
        return ScoreContext(
            layers=self.layers,
            mask=parent.mask,
            final=parent.trained,
            initial=dense.initial,
            generator=self.generator("score", level),
        )
