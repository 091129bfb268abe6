"""A ticket read back from a run folder, with the states kept beside it."""

from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from torch import nn

from tombola.errors import TombolaError
from tombola.networks import build
from tombola.networks.state import State, restore
from tombola.pruning import Mask, Ticket
from tombola.specs import NetworkSpec
from tombola.store.jobs import EARLY_STOP, REWIND, TICKET_FILE, TRAINED, JobInfo
from tombola.store.states import load_state, load_ticket

StateName = Literal["initial", "trained", "early_stop"]


class StoredTicket:
    """One job's ticket and states, loaded when first asked for.

    Pruned weights are exact zeros in every state, or what they are held at (``prune.pruned``), so the tensors work with
    any tool that takes a state dict.
    """

    def __init__(self, path: Path, info: JobInfo, network: NetworkSpec, *, trusted: bool = True) -> None:
        self.path = path
        self.info = info
        self._network = network
        self._trusted = trusted

    @cached_property
    def _ticket(self) -> Ticket:
        if not (self.path / TICKET_FILE).is_file():
            raise TombolaError(
                f"the mask of {self.info.id} is not known: the framework it was imported from did not keep it"
            )
        return load_ticket(self.path / TICKET_FILE, self.info.kinds)

    @property
    def mask(self) -> Mask:
        """Which weights remain, layer by layer in network order."""
        return self._ticket.mask

    @property
    def provenance(self) -> dict[str, Any]:
        """Where the ticket comes from."""
        return dict(self._ticket.provenance)

    @property
    def initial(self) -> State:
        """The state that training started from."""
        if not self._ticket.initial:
            raise self._dropped("initial state")
        return self._ticket.initial

    @cached_property
    def trained(self) -> State:
        """The state after the last step."""
        return self._state(TRAINED, "trained state")

    @cached_property
    def early_stop(self) -> State:
        """The state at the record of smallest validation loss."""
        return self._state(EARLY_STOP, "early-stop state")

    @cached_property
    def rewind(self) -> State:
        """The state at the step that later levels rewind to (dense levels of runs with ``prune.rewind: step:K``)."""
        return self._state(REWIND, "state to rewind to")

    def module(self, state: StateName = "trained") -> nn.Module:
        """Return the network in one of the ticket's states, in evaluation mode.

        Raises
        ------
        TombolaError
            If the state was not kept, or the network is a plug-in of a run that is not trusted.
        """
        if not self._trusted:
            raise TombolaError(
                "this run names plug-ins, which opening it does not import; use open_run(path, trust=True)"
            )
        values = {
            "initial": lambda: self.initial,
            "trained": lambda: self.trained,
            "early_stop": lambda: self.early_stop,
        }
        if state not in values:
            raise TombolaError(f"state '{state}' is not one of initial, trained, early_stop")
        if state == "initial" and self.provenance.get("unknown"):
            raise TombolaError(
                f"the network of {self.info.id} cannot be built as it began: the framework it was imported from did "
                f"not keep the initial values of {', '.join(self.provenance['unknown'])}"
            )
        if "input_shape" not in self.provenance:
            raise TombolaError(
                f"the network of {self.info.id} cannot be built: its architecture ({self._network.architecture}) was "
                "imported by the names of its weights only"
            )
        shape = tuple(self.provenance["input_shape"])
        module = build(self._network, shape, self.provenance["classes"])
        restore(module, values[state]())
        return module.eval()

    def _state(self, file: str, what: str) -> State:
        if not (self.path / file).is_file():
            raise self._dropped(what)
        return load_state(self.path / file, self.mask)

    def _dropped(self, what: str) -> TombolaError:
        if self.info.status == "failed":
            return TombolaError(f"the {what} of {self.info.id} was not kept (the job failed: {self.info.reason})")
        if self.info.imported:
            return TombolaError(f"the {what} of {self.info.id} was not kept by the framework it was imported from")
        return TombolaError(
            f"the {what} of {self.info.id} was not kept (store.keep, or `tombola gc`); to have it, delete "
            f"jobs/{self.info.replicate} of its run and resume with store.keep: all, which trains that replicate again"
        )
