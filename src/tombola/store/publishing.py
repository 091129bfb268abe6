"""One job's result written to disk: what it was, what was measured, and the states it ended in."""

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np

from tombola.networks.state import State
from tombola.pruning import Mask, Ticket
from tombola.records import Records
from tombola.store.files import publishing, told_clearly, write_json
from tombola.store.folder import RunFolder
from tombola.store.jobs import INFO, RECORDS, TICKET_FILE, JobInfo
from tombola.store.states import save_own_state, save_state, save_ticket
from tombola.store.tables_csv import Table, csv_text


def publish_job(
    folder: RunFolder,
    info: JobInfo,
    ticket: Ticket | None,
    records: Records,
    states: dict[str, State],
    *,
    with_initial: bool = True,
    tables: Mapping[str, Table] | None = None,
    extra: Mapping[str, State] | None = None,
    masks: Mapping[str, Mask] | None = None,
) -> None:
    """Write one job's result so that it appears whole or not at all.

    Parameters
    ----------
    folder
        The run folder.
    info, ticket, records
        What the job was, what it trained (None where an import does not know the mask), and what was measured.
    states
        States by file name: ``trained.safetensors``, ``early_stop.safetensors``, ``rewind.safetensors``.
    with_initial
        False keeps only the mask of the ticket.
    tables
        Tables by file name, as CSV.
    extra
        Tensors by file name that no mask covers (scores of a search).
    masks
        Masks by file name, of states that have another than the ticket's (masks that moved in training).
    """
    target = folder.job(info.id)
    with publishing(target, folder.workshop) as aside, told_clearly(target):
        if ticket is not None:
            save_ticket(aside / TICKET_FILE, ticket, with_initial=with_initial)
            for name, state in states.items():
                own = (masks or {}).get(name)
                if own is None:
                    save_state(aside / name, state, ticket.mask)
                else:
                    save_own_state(aside / name, state, own)
        for name, table in (tables or {}).items():
            (aside / name).write_text(csv_text(table))
        for name, tensors in (extra or {}).items():
            save_state(aside / name, tensors, Mask({}))
        with (aside / RECORDS).open("wb") as file:
            np.savez(file, **records.arrays())  # type: ignore[arg-type]
        write_json(aside / INFO, asdict(info))
