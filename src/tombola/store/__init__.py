"""Run folders: jobs and tickets, written so that what is visible is complete, read back without running anything."""

from tombola.store.folder import JobId, RunFolder
from tombola.store.run import Run, open_run
from tombola.store.tickets import StoredTicket

__all__ = ["JobId", "Run", "RunFolder", "StoredTicket", "open_run"]
