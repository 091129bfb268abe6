"""What a control is given: the ticket it is a control of, what that was cut from, and a random stream of its own."""

from dataclasses import dataclass
from functools import cached_property

import torch

from tombola.errors import TombolaError
from tombola.experiments.starting import OWN_START, cut_from
from tombola.experiments.trial import Shape, Trial, fresh_state, with_initial
from tombola.networks.state import State
from tombola.pruning import Mask, Ticket
from tombola.search import searches
from tombola.search.rescaling import as_searched
from tombola.specs import ExperimentSpec
from tombola.store import StoredTicket
from tombola.streams import stream_seed
from tombola.training.recipes import level_recipe


@dataclass(frozen=True)
class ControlContext:
    """What a control may use. States are read when first asked for.

    Attributes
    ----------
    spec, shape, replicate, level, name, repetition
        The experiment, its network's input and classes, and where in it.
    original
        The finished ticket that the control is a control of.
    dense
        The finished dense level of the same replicate.
    needed
        The finished tickets that the control's rule asks for beside these (`ControlRule.needs`), in its order.
    per_epoch
        Batches of one epoch, for lengths given in epochs.
    """

    spec: ExperimentSpec
    shape: Shape
    replicate: int
    level: int
    name: str
    repetition: int
    original: StoredTicket
    dense: StoredTicket
    needed: tuple[StoredTicket, ...]
    per_epoch: int

    @property
    def seed(self) -> int:
        """Seed of the control's own random stream."""
        return stream_seed(self.spec.seed, "control", self.replicate, self.level, self.name, self.repetition)

    @cached_property
    def generator(self) -> torch.Generator:
        """The control's own random stream, at its start."""
        return torch.Generator().manual_seed(self.seed)

    @property
    def mask(self) -> Mask:
        """The ticket's mask."""
        return self.original.mask

    @property
    def other(self) -> StoredTicket:
        """The first of the tickets that the control's rule asks for.

        Raises
        ------
        TombolaError
            If its rule asks for none.
        """
        if not self.needed:
            raise TombolaError(f"control '{self.name}' uses another ticket and was registered without needs=")
        return self.needed[0]

    @property
    def above(self) -> StoredTicket:
        """What a control that forms a chain goes on from: itself one level up, the dense level at level 1."""
        return self.needed[0] if self.level > 1 else self.dense

    @cached_property
    def ticket(self) -> Ticket:
        """The original's mask and the state it started from, made again from the dense level where it was not kept."""
        if not self._kept and self._searched_statistics:
            _ = self.original.initial  # raises: nothing makes them again
        return Ticket(self._start, self.mask, self.original.provenance)

    @property
    def weights(self) -> State:
        """The prunable weights that the ticket started from, pruned ones as they are held."""
        return {name: self._start[name] for name in self.mask}

    @cached_property
    def _start(self) -> State:
        if self._kept or not self.spec.prune.rewinds:  # else it started from trained weights, which are gone
            return self.original.initial
        return with_initial(Ticket({}, self.mask, {}), self.whole).initial

    @cached_property
    def _kept(self) -> bool:
        """Whether the ticket's initial state is there: `store.keep: masks` and ``tombola gc`` drop it."""
        try:
            return bool(self.original.initial)
        except TombolaError:
            return False

    @property
    def _searched_statistics(self) -> bool:
        """Whether the ticket started from running statistics that its search left."""
        return self.spec.prune.procedure in searches and any("running_" in name for name in self.dense.initial)

    @cached_property
    def whole(self) -> State:
        """What the ticket was cut from: the dense network's state at step 0, or at step k, a value at every place.

        Tickets found at initialisation may be cut from other weights, or rescaled ones (`cut_from`, `as_searched`).
        Biases and normalisation are of the same moment (running statistics, too, where the ticket started from those of
        its search); with ``prune.reset: weights-only`` they are those the ticket started from.
        """
        if self.original.provenance.get(OWN_START):
            raise TombolaError(
                f"control '{self.name}' starts weights that the ticket lacks, and the run it was taken from did not "
                "start it from its dense network's initial weights; take a control that keeps the mask"
            )
        state = self.dense.rewind if self.spec.prune.rewind_step else self.dense.initial
        state = cut_from(self.spec, self.shape, self.replicate, state, self.mask) if self.level else state
        state = as_searched(state, self.original.provenance)
        if self.spec.prune.reset == "full":
            return dict(state)
        return state | {name: value for name, value in self.original.initial.items() if name not in self.mask}

    def fresh_state(self) -> State:
        """Return a network state drawn from the control's stream, independent of the original in every tensor."""
        return fresh_state(self.spec, self.shape, self.seed)

    def anew(self, state: State, mask: Mask | None = None) -> Trial:
        """Return the trial of a state that knows no training, under the ticket's mask or another one: from step 0."""
        return Trial(self._ticket(state, holding_like(self.mask if mask is None else mask, state)))

    def again(self, state: State, mask: Mask | None = None) -> Trial:
        """Return the trial of another state (and mask), trained as the ticket is: from its step on, by its recipe."""
        if mask is None:
            mask = self.mask
        elif mask.is_within(self.dense.mask):
            mask = holding_like(mask, self.dense.initial)
        else:
            raise TombolaError(
                f"control '{self.name}' starts weights that the file of network.weights, which is pruned, "
                "has no value of; take a control that keeps the mask, or draws weights"
            )
        recipe = level_recipe(self.spec, self.per_epoch) if self.level else None
        return Trial(self._ticket(state, mask), self.spec.prune.rewind_step, recipe)

    def _ticket(self, state: State, mask: Mask) -> Ticket:
        return with_initial(Ticket({}, mask, {"control": self.name, "repetition": self.repetition}), state)


def holding_like(mask: Mask, state: State) -> Mask:
    """Return a mask with a state's values wherever it holds pruned weights at something else than zero."""
    held = {name: torch.where(values != 0, state[name][~mask[name]], 0.0) for name, values in mask.held.items()}
    return Mask(mask, held)


def needs_whole(spec: ExperimentSpec, repetitions: int) -> str | None:
    """Refuse a control that moves the mask where weights at places pruned earlier have no value to start from."""
    if spec.prune.rewinds:
        return None
    return (
        f"it starts weights that the ticket lacks, which have no value with prune.rewind = '{spec.prune.rewind}'; "
        "rewind to init or step:K, or take a control that keeps the mask"
    )


def needs_start(spec: ExperimentSpec, repetitions: int) -> str | None:
    """Refuse a control of the ticket's own starting weights where they are neither kept nor the dense network's."""
    if spec.store.keep != "masks" or (spec.prune.rewinds and spec.prune.reset == "full"):
        return None
    return "it uses the weights that tickets start from, and store.keep = 'masks' drops them; keep early-stop or all"
