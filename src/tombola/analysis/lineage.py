"""Which initial weights networks grew from: what two networks of one replicate, or one seed, may have in common.

Networks that share their initial weights have small signed and weight distances whatever their masks are. Tickets grow
from what their procedure cuts them from. A control says what it changes in its own words only, so whether it kept the
weights is seen from what it started with, survivor by survivor.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import torch

from tombola.errors import TombolaError
from tombola.experiments.controls import controls
from tombola.experiments.starting import OWN_START, cut_from
from tombola.experiments.trial import Shape
from tombola.networks import State
from tombola.pruning import Mask
from tombola.search.rescaling import as_searched
from tombola.specs.prune import AT_INIT
from tombola.store import JobId, Run, StoredTicket
from tombola.store.folder import TICKET

Read = Callable[[], State]


@dataclass(frozen=True)
class Lineage:
    """What a network grew from.

    Attributes
    ----------
    begin
        Makes the complete initial state before anything was pruned; None where it is not known.
    own
        Makes the state of a network that is known to have begun with other weights than its replicate's; else None.
    """

    begin: Read | None = None
    own: Read | None = None


@dataclass
class Lineages:
    """The lineages of one run's networks; each dense network is read once.

    Attributes
    ----------
    run
        The run.
    trust
        Build networks that other people's code makes.
    """

    run: Run
    trust: bool = False
    _dense: dict[int, StoredTicket | None] = field(default_factory=dict, repr=False)

    def of(self, job: JobId, ticket: StoredTicket) -> Lineage:
        """Return the lineage of a network.

        Parameters
        ----------
        job
            Which it is.
        ticket
            What is stored of it.
        """
        dense = self._dense_of(job.replicate)
        if dense is None:
            return Lineage()
        if job.control == TICKET:
            return Lineage(self._of_ticket(job, ticket, dense))
        return self._of_control(job, ticket, dense)

    def _dense_of(self, replicate: int) -> StoredTicket | None:
        if replicate not in self._dense:
            known = JobId(replicate, 0) in self.run.jobs
            self._dense[replicate] = self.run.ticket(replicate, 0) if known else None
        return self._dense[replicate]

    def _of_ticket(self, job: JobId, ticket: StoredTicket, dense: StoredTicket) -> Read | None:
        if ticket.provenance.get(OWN_START):
            return None
        if job.level and self._reinitialised:
            return partial(self._fresh, job.replicate, dense) if self._built else None
        return lambda: dense.initial

    def _of_control(self, job: JobId, ticket: StoredTicket, dense: StoredTicket) -> Lineage:
        if job.level and job.control in controls and controls[job.control].chains:
            return Lineage(lambda: dense.initial)  # from level to level, by training
        try:
            own, mask, _ = ticket.initial, ticket.mask, dense.initial
        except TombolaError:
            return Lineage()  # not kept, so nobody knows
        if any(begins_with(own, mask, state) for state in _starts(dense)):
            return Lineage(lambda: dense.initial)
        original = JobId(job.replicate, job.level)
        if original not in self.run.jobs:
            return Lineage()
        cut = self.run.ticket(*original)
        if any(begins_with(own, mask, state) for state in self._ticket_states(job, cut, dense)):
            return Lineage(self._of_ticket(original, cut, dense))
        return Lineage(own=lambda: own)

    def _ticket_states(self, job: JobId, cut: StoredTicket, dense: StoredTicket) -> Iterator[State]:
        """Yield what the ticket started from, and what it was cut from with a value at every place."""
        with suppress(TombolaError):  # not kept
            yield cut.initial
        if self._built or not self._reinitialised:
            for state in _starts(dense):
                shape = _shape(dense)
                whole = state if shape is None else cut_from(self.run.spec, shape, job.replicate, state, cut.mask)
                yield as_searched(whole, cut.provenance)

    @property
    def _reinitialised(self) -> bool:
        return self.run.spec.prune.procedure == AT_INIT and self.run.spec.prune.reinitialise

    @property
    def _built(self) -> bool:
        return self.trust or not self.run.spec.modules

    def _fresh(self, replicate: int, dense: StoredTicket) -> State:
        """Return what tickets start from that were scored on other weights (``prune.reinitialise``)."""
        shape = _shape(dense)
        if shape is None:
            raise TombolaError(
                f"the images of {self.run.path.name} are not known, so its weights cannot be drawn again"
            )
        return cut_from(self.run.spec.with_(prune={"rescale": False}), shape, replicate, {}, dense.mask)


def begins_with(own: State, mask: Mask, whole: State) -> bool:
    """Return whether every survivor has the value that another state has at its place; never without survivors."""
    if not mask.count or any(name not in whole for name in mask):
        return False
    return all(torch.equal(own[name][keep], whole[name][keep]) for name, keep in mask.items())


def _starts(dense: StoredTicket) -> Iterator[State]:
    """Yield the dense network's state at step 0, and at the step that levels rewind to."""
    yield dense.initial
    with suppress(TombolaError):  # there is none
        yield dense.rewind


def _shape(ticket: StoredTicket) -> Shape | None:
    known = ticket.provenance
    return Shape(tuple(known["input_shape"]), known["classes"]) if "input_shape" in known else None
