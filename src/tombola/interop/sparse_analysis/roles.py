"""Which file of a folder is which state of its network: by the names both programs give, else by what is in them."""

from dataclasses import dataclass, field
from pathlib import Path

import torch

from tombola.errors import TombolaError
from tombola.interop.restricted import LIMIT
from tombola.interop.sparse_analysis.snapshot import Snapshot, read_snapshot

ENDINGS = (".pt", ".pth")
ROLES = ("initial", "before", "trained")
NAMES = {
    "init_model.pth": "initial",
    "model_before_finetune.pth": "before",
    "model_after_finetune.pth": "trained",
    "model.pt": "initial",
    "model_before_train.pt": "before",
    "post-model.pt": "trained",
}
"""File -> what it holds: a network at its beginning, pruned, trained."""

OTHERS = ("optimizer.pt", "scheduler.pt")


@dataclass
class States:
    """The states of one network.

    Attributes
    ----------
    initial, before, trained
        At initialisation; pruned, before the masked training; after it. None where no file holds it.
    unread
        File -> why it could not be read.
    """

    initial: Snapshot | None = None
    before: Snapshot | None = None
    trained: Snapshot | None = None
    unread: dict[str, str] = field(default_factory=dict)

    @property
    def last(self) -> Snapshot | None:
        """The state whose mask counts."""
        return self.trained or self.before or self.initial

    def known(self) -> dict[str, Snapshot]:
        """Return the states there are, by role, in order of time."""
        return {role: state for role in ROLES if (state := getattr(self, role)) is not None}


def candidates(folder: Path) -> list[Path]:
    """Return the files of a folder that may hold states of a network."""
    found = (path for path in sorted(folder.iterdir()) if path.suffix.lower() in ENDINGS and path.is_file())
    return [path for path in found if path.name.lower() not in OTHERS]


def read_states(folder: Path, limit: int = LIMIT) -> States:
    """Return the states in a folder; what cannot be read is named, not fatal."""
    states = States()
    unnamed: list[Snapshot] = []
    for path in candidates(folder):
        try:
            state = read_snapshot(path, limit)
        except TombolaError as error:
            states.unread[path.name] = str(error)
            continue
        role = NAMES.get(path.name.lower())
        if state is not None and role is not None:
            setattr(states, role, state)
        elif state is not None:
            unnamed.append(state)
    if unnamed and not states.known():
        _assign(states, unnamed)
    return states


def _assign(states: States, found: list[Snapshot]) -> None:
    """Tell states apart by content: nothing pruned, initial weights under a mask, other weights under it."""
    whole = [state for state in found if all(bool(keep.all()) for keep in state.nominal().values())]
    pruned = [state for state in found if not any(state is other for other in whole)]
    if pruned:
        states.initial = whole[0] if whole else None
    reference = states.initial
    for state in pruned:
        moved = reference is not None and any(
            not torch.equal(state.weights()[name], value) for name, value in reference.weights().items()
        )
        role = "trained" if moved or (reference is None and states.before is not None) else "before"
        if getattr(states, role) is None:
            setattr(states, role, state)
    if not pruned:
        for role, state in zip(("initial", "trained"), whole[:2], strict=False):
            setattr(states, role, state)
