"""Safe copies of the answers while they are being written, through SQLite's own backup."""

import contextlib
import os
import sqlite3
import time
import uuid
from pathlib import Path

from tombola.errors import TombolaError
from tombola.store.files import sync
from tombola.study.server.database import connect

FOLDER = "backups"
PREFIX, SUFFIX = "answers-", ".sqlite"
PAGES_AT_ONCE = 512


def backup(source: Path, target: Path) -> None:
    """Copy a database that may be in use; the copy is checked, and appears whole or not at all.

    Raises
    ------
    TombolaError
        If there are no answers yet, the copy is damaged, or it cannot be written.
    """
    if not source.is_file():
        raise TombolaError(f"there is nothing to back up: {source} does not exist; serve the study first")
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with (
            contextlib.closing(connect(source, read_only=True)) as original,
            contextlib.closing(sqlite3.connect(beside)) as copy,
        ):
            original.backup(copy, pages=PAGES_AT_ONCE, sleep=0.01)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
            if copy.execute("PRAGMA quick_check").fetchone()[0] != "ok":
                raise TombolaError(f"the backup of {source} is damaged, and so may be the original: stop and look")
        sync(beside)
        beside.replace(target)
        sync(target.parent)
    except (OSError, sqlite3.Error) as error:
        raise TombolaError(f"cannot back up {source} to {target}: {error}") from error
    finally:
        beside.unlink(missing_ok=True)


def periodic_backup(source: Path, kept: int) -> Path:
    """Make a backup named after the time in the study's own ``backups/``, and remove the oldest beyond `kept`."""
    folder = source.parent / FOLDER
    name = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    target = folder / f"{PREFIX}{name}{SUFFIX}"
    backup(source, target)
    for old in sorted(folder.glob(f"{PREFIX}*{SUFFIX}"))[:-kept]:
        old.unlink(missing_ok=True)
    return target
