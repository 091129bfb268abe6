"""What a procedure is given: the levels a level is made from, and random streams of its own."""

from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import nn

from tombola.data import Dataset
from tombola.errors import TombolaError
from tombola.experiments.procedures.tally import CountedBatches, Tally
from tombola.experiments.trial import Shape, fresh_state
from tombola.experiments.weights import Given, initial_state, read_given
from tombola.networks import PrunableLayer, build, prunable_layers
from tombola.networks.state import State, restore
from tombola.pruning import LevelPlan, Mask, ScoreContext, planned_remaining
from tombola.pruning.context import Batches
from tombola.pruning.images import score_batches
from tombola.specs import ExperimentSpec
from tombola.store import StoredTicket
from tombola.streams import stream_seed
from tombola.telling import Tell, silent


@dataclass(frozen=True)
class Workplace:
    """What a procedure that looks for masks itself (scores with gradients, searches) works with.

    Attributes
    ----------
    data
        The images.
    device, threads
        Where and with how many threads to compute.
    tell
        Hears what is being done, and how many of how many steps of it are: ``tell("search", 10, 500)``.
    """

    data: Dataset
    device: str = "cpu"
    threads: int = 1
    tell: Tell = silent


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
    place
        Images, device and threads.
    """

    spec: ExperimentSpec
    shape: Shape
    replicate: int
    level: int
    parent: StoredTicket | None = None
    dense: StoredTicket | None = None
    per_epoch: int = 1
    place: Workplace | None = None

    @cached_property
    def layers(self) -> tuple[PrunableLayer, ...]:
        """The prunable layers of the network."""
        module = build(self.spec.network, self.shape.input_shape, self.shape.classes, device="meta")
        return prunable_layers(module, self.spec.network.prunable)

    @cached_property
    def keep(self) -> int:
        """How many weights this level keeps over all layers (``prune.densities``, or the rates level after level)."""
        return self.plan.total

    @property
    def workplace(self) -> Workplace:
        """Images, device and threads.

        Raises
        ------
        TombolaError
            If there are none.
        """
        if self.place is None:
            raise TombolaError(f"procedure '{self.spec.prune.procedure}' needs images, which are not offered here")
        return self.place

    def initial(self) -> State:
        """Return the replicate's complete initial state, the same at every call: drawn, or from ``network.weights``."""
        seed = stream_seed(self.spec.seed, "init", self.replicate)
        drawn = fresh_state(self.spec, self.shape, seed)
        return drawn if self.spec.network.weights is None else initial_state(self.spec, self.shape, seed, drawn)

    @property
    def given(self) -> Given | None:
        """The weights of ``network.weights``; None where training starts from a draw."""
        return None if self.spec.network.weights is None else read_given(self.spec.network, self.shape)

    def generator(self, purpose: str, level: int | None = None) -> torch.Generator:
        """Return a level's own random stream for a purpose, at its start; default: this level's."""
        where = self.level if level is None else level
        return torch.Generator().manual_seed(stream_seed(self.spec.seed, purpose, self.replicate, where))

    @cached_property
    def plan(self) -> LevelPlan:
        """What this level keeps, per layer where that is fixed."""
        return planned_remaining(self.layers, self.spec.prune, self.level)[self.level]

    @cached_property
    def tally(self) -> Tally:
        """What scores have cost so far; counts from when it is first asked for."""
        return Tally()

    def scoring(self, parent: StoredTicket, dense: StoredTicket, level: int | None = None) -> ScoreContext:
        """Return what scores see of a finished level: its weights after the last step, its mask, and step 0.

        Parameters
        ----------
        parent, dense
            The level, and the dense level of its replicate.
        level
            Whose random streams scores and their images draw from; default: that of the level to be made.
        """
        return self.scoring_of(parent.trained, parent.mask, dense.initial, level)

    def scoring_of(self, state: State, mask: Mask, initial: State, level: int | None = None) -> ScoreContext:
        """Return what scores see of a state under a mask: weights, the network, training images, a stream of their own.

        Images are drawn when a score first asks for some, and stay the same; `tally` counts what goes through them.

        Parameters
        ----------
        state, mask
            What is scored.
        initial
            The replicate's state at step 0.
        level
            As for `scoring`.
        """
        prune, tally = self.spec.prune, self.tally
        drawn: list[Batches] = []

        def batches() -> Batches:
            if not drawn:
                stream, place = self.generator("samples", level), self.workplace
                drawn.append(
                    score_batches(place.data, prune.samples_per_class, prune.score_batch, stream, place.device)
                )
            return CountedBatches(drawn[0], tally)

        def module() -> nn.Module:
            tally.networks += 1
            made = deepcopy(self._blank)
            restore(made, state)
            return made.to(self.place.device if self.place else "cpu").train(prune.score_mode == "train")

        return ScoreContext(
            layers=self.layers,
            mask=mask,
            final=state,
            initial=initial,
            generator=self.generator("score", level),
            make_module=module,
            make_batches=batches,
            input_shape=self.shape.input_shape,
        )

    @cached_property
    def _blank(self) -> nn.Module:
        return build(self.spec.network, self.shape.input_shape, self.shape.classes)
