"""Personal links made beforehand, for studies by invitation."""

import contextlib
import sqlite3
from pathlib import Path

from tombola.errors import TombolaError
from tombola.study.server.database import connect, prepare
from tombola.study.server.participants import begin
from tombola.study.server.tokens import new_token


def invitations(file: Path, batch: str, number: int) -> list[str]:
    """Make participants who have not come yet and return their tokens; each is shown here and never again.

    Parameters
    ----------
    file
        The study's database, made if absent; it may be in use.
    batch
        Which batch they belong to.
    number
        How many.

    Raises
    ------
    TombolaError
        If they cannot be stored.
    """
    prepare(file)
    tokens = [new_token() for _ in range(number)]
    try:
        with contextlib.closing(connect(file)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            for token in tokens:
                begin(connection, token, batch)
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise TombolaError(f"cannot store invitations in {file}: {error}") from error
    return tokens
