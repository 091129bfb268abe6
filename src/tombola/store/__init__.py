"""Run folders: jobs and tickets, written so that what is visible is complete, read back without running anything.

Records and tables are read without torch; it is loaded with the first ticket.
"""

from typing import TYPE_CHECKING

from tombola.lazy import importer
from tombola.store.folder import JobId, RunFolder
from tombola.store.run import Run, open_run

if TYPE_CHECKING:
    from tombola.store.tickets import StoredTicket

__all__ = ["JobId", "Run", "RunFolder", "StoredTicket", "open_run"]

__getattr__ = importer(__name__, {"StoredTicket": "tombola.store.tickets"})
