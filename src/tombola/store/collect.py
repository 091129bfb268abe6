"""Freeing disk: the states of finished jobs that a keep policy does without."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tombola.errors import TombolaError
from tombola.pruning import Ticket
from tombola.store.files import sync, told_clearly
from tombola.store.folder import TICKET, JobId, RunFolder
from tombola.store.jobs import EARLY_STOP, SCORES, TICKET_FILE, TRAINED
from tombola.store.run import Run
from tombola.store.states import INITIAL, load_ticket, save_ticket

Keep = Literal["all", "early-stop", "masks"]

INITIAL_WEIGHTS = "initial"
NAMES = {
    SCORES: "scores of a search",
    TRAINED: "trained state",
    EARLY_STOP: "early-stop state",
    INITIAL_WEIGHTS: "initial state",
}
"""What can be freed, in words: three files, and a part of the ticket's file."""

LARGEST_HEADER = 100_000_000
"""safetensors' own limit; a longer one is no safetensors file."""


@dataclass(frozen=True)
class Piece:
    """Something of a finished job that can be freed, and about how many bytes that gives."""

    job: JobId
    what: str
    size: int

    @property
    def name(self) -> str:
        """What it is, in words."""
        return NAMES[self.what]


@dataclass(frozen=True)
class Protection:
    """What further jobs need, whatever the policy.

    Attributes
    ----------
    whole
        Jobs that planned jobs still start from: nothing of them is freed.
    trained
        Jobs whose trained state lets the run grow by further levels.
    """

    whole: Collection[JobId] = ()
    trained: Collection[JobId] = ()


def pieces(run: Run, keep: Keep, protection: Protection) -> list[Piece]:
    """Return what a policy frees, without touching anything.

    ``early-stop`` frees trained states and scores of searches; ``masks`` frees early-stop states and initial weights
    too, but those of the dense level. Masks, records, states to rewind to and ``job.json`` always stay.

    Parameters
    ----------
    run
        The run, opened after the last job was published.
    keep
        The policy.
    protection
        What stays nevertheless.
    """
    found = []
    for job in run.jobs if keep != "all" else ():
        if job in protection.whole:
            continue
        folder = run.folder.job(job)
        files = [SCORES] if job in protection.trained else [SCORES, TRAINED]
        files += [EARLY_STOP] if keep == "masks" else []
        found += [Piece(job, file, (folder / file).stat().st_size) for file in files if (folder / file).is_file()]
        if keep == "masks" and (job.level > 0 or job.control != TICKET):
            size = _initial_size(folder / TICKET_FILE)
            found += [Piece(job, INITIAL_WEIGHTS, size)] if size else []
    return found


def collect(folder: RunFolder, freed: Sequence[Piece], tell: Callable[[Piece], None] = lambda piece: None) -> int:
    """Free what `pieces` found and return how many bytes that gave. The caller holds ``folder.writing()``.

    Every file goes, or is replaced by a smaller one, in a single step: a process killed at any moment leaves jobs that
    have the state or do not have it, and the same call goes on from there.

    Raises
    ------
    TombolaError
        If something cannot be removed or a ticket cannot be read; everything freed before stays so.
    """
    folder.clear_workshop()
    total = 0
    for piece in freed:
        path = folder.job(piece.job) / (TICKET_FILE if piece.what == INITIAL_WEIGHTS else piece.what)
        with told_clearly(path):
            before = path.stat().st_size
            if piece.what == INITIAL_WEIGHTS:
                _keep_mask_only(path, folder.workshop)
                total += before - path.stat().st_size
            else:
                path.unlink()
                total += before
            sync(path.parent)
        tell(piece)
    folder.clear_workshop()
    return total


def _keep_mask_only(path: Path, workshop: Path) -> None:
    """Replace a ticket's file by one without initial weights: the bytes that ``store.keep: masks`` writes at once."""
    ticket = load_ticket(path)
    workshop.mkdir(parents=True, exist_ok=True)
    aside = workshop / "ticket.part"
    save_ticket(aside, Ticket({}, ticket.mask, ticket.provenance), with_initial=False)
    aside.chmod(path.stat().st_mode & 0o777)
    sync(aside)
    aside.replace(path)


def _initial_size(path: Path) -> int:
    """Return the bytes that initial weights take in a ticket's file, from its header; 0 where there is no file."""
    if not path.is_file():
        return 0
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > LARGEST_HEADER:
                raise ValueError("its header is too long")
            header = json.loads(file.read(length))
        ends = [entry["data_offsets"] for name, entry in header.items() if name.startswith(INITIAL)]
        return sum(int(last) - int(first) for first, last in ends)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TombolaError(f"{path} is damaged ({error}); delete its job folder and start the run again") from error
