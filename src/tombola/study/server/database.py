"""The answers' database: one writer, many readers, and nothing confirmed that is not on the disk.

Every write is a function of a connection, handed to one thread. What arrives while that thread waits for the disk is
written together in the next transaction, each function in a savepoint of its own: two hundred answers cost a few
waits for the disk, not two hundred, and each caller still hears of success only after its own answer is safe.
"""

import asyncio
import contextlib
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, TypeVar

from tombola.errors import TombolaError
from tombola.study.server.schema import TABLES, VERSION

T = TypeVar("T")
Job = tuple[Callable[[sqlite3.Connection], Any], Future[Any]]

FILE = "answers.sqlite"
BUSY_MILLISECONDS = 10_000
LARGEST_BATCH = 256


class NotSavedError(Exception):
    """The disk refused a transaction; nothing of it was stored."""


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Return a connection that commits only when told to, and fully to the disk.

    Parameters
    ----------
    path
        The database.
    read_only
        Whether writing through it is an error.
    """
    mode = "ro" if read_only else "rwc"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    for pragma in (
        f"busy_timeout = {BUSY_MILLISECONDS}",
        "foreign_keys = ON",
        "synchronous = FULL",
        "secure_delete = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def prepare(path: Path) -> None:
    """Create the tables where they are not there yet.

    Raises
    ------
    TombolaError
        If the file is no database of this version.
    """
    try:
        path.touch(mode=0o600, exist_ok=True)
        connection = connect(path)
        with contextlib.closing(connection):
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in TABLES.split(";\n"):
                    connection.execute(statement)
                for name in ("secret", "study"):
                    connection.execute("INSERT INTO meta VALUES (?, ?)", (name, secrets.token_hex(32)))
                connection.execute("INSERT INTO meta VALUES ('paused', '0')")
                connection.execute(f"PRAGMA user_version = {VERSION}")
            elif version != VERSION:
                raise TombolaError(
                    f"{path} is of version {version}, this program writes version {VERSION}; export it with its own"
                )
            connection.execute("COMMIT")
    except (sqlite3.Error, OSError) as error:
        raise TombolaError(f"cannot use {path} as the study's database: {error}") from error


class Database:
    """One open database of answers.

    Parameters
    ----------
    path
        The SQLite file; made if absent.
    """

    def __init__(self, path: Path) -> None:
        prepare(path)
        self.path = path
        self._reader = connect(path, read_only=True)
        self._reading = threading.Lock()
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="answers", daemon=True)
        self._writer.start()

    def read(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Return what a function reads: microseconds, never held up by writing."""
        with self._reading:
            return question(self._reader)

    async def write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run a function that writes and return its result once it is safely on the disk.

        Raises
        ------
        NotSavedError
            If the disk refused; nothing was stored.
        """
        return await asyncio.wrap_future(self.submit(job))

    def submit(self, job: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Queue a function that writes; for callers without an event loop."""
        future: Future[T] = Future()
        self._queue.put((job, future))
        return future

    def close(self) -> None:
        """Write what is queued, then stop."""
        self._queue.put(None)
        self._writer.join()
        with self._reading:
            self._reader.close()

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _write(self) -> None:
        connection = connect(self.path)
        while (first := self._queue.get()) is not None:
            jobs = [first]
            last = False
            while len(jobs) < LARGEST_BATCH and not self._queue.empty():
                more = self._queue.get()
                if more is None:
                    last = True
                    break
                jobs.append(more)
            _run_together(connection, jobs)
            if last:
                break
        connection.close()


def _run_together(connection: sqlite3.Connection, jobs: list[Job]) -> None:
    outcomes: list[tuple[Future[Any], Any, BaseException | None]] = []
    try:
        connection.execute("BEGIN IMMEDIATE")
        for job, future in jobs:
            connection.execute("SAVEPOINT one")
            try:
                outcomes.append((future, job(connection), None))
            except Exception as error:
                if not connection.in_transaction:  # the disk is full: SQLite has already rolled everything back
                    raise
                connection.execute("ROLLBACK TO one")
                outcomes.append((future, None, error))
            connection.execute("RELEASE one")
        connection.execute("COMMIT")
    except Exception as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        refused = NotSavedError(str(error))
        outcomes = [(future, None, refused) for _, future in jobs]
    for future, result, problem in outcomes:
        if not future.set_running_or_notify_cancel():
            continue
        if problem is None:
            future.set_result(result)
        else:
            future.set_exception(problem)


def now() -> float:
    """Return the time in seconds since 1970, to the millisecond."""
    return round(time.time(), 3)


def meta(connection: sqlite3.Connection, name: str) -> str:
    """Return one fact about the database itself."""
    value: str = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()[0]
    return value
