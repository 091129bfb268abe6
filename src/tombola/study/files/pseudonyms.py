"""Pseudonyms: what stands in place of ids of people, from the first byte that is written."""

import hashlib
import os
import secrets
from pathlib import Path

from tombola.errors import TombolaError

SALT_BYTES = 32
DIGITS = 16
PREFIXES = {"participant": "p", "trial": "t", "submission": "s"}


def pseudonym(name: str, salt: bytes, kind: str = "participant") -> str:
    """Return the pseudonym of an id: a letter and 16 hex digits of a keyed digest (BLAKE2b).

    Equal ids get equal pseudonyms under one salt, and nobody without the salt can try out ids to find whose it is.
    Ids of different kinds share nothing, so that a worker cannot be recognised by another id of equal text.

    Parameters
    ----------
    name
        The id to replace.
    salt
        At least 16 secret bytes.
    kind
        ``participant``, ``trial`` (a HIT) or ``submission`` (an assignment).

    Raises
    ------
    TombolaError
        If the salt is too short to hide anything.

    Examples
    --------
    >>> pseudonym("AWORKER", b"an example, no secret")
    'p0059a04f1dda1964'
    """
    if len(salt) < 16:
        raise TombolaError(f"a salt of {len(salt)} bytes hides nobody; at least 16 are needed")
    digest = hashlib.blake2b(name.strip().encode(), key=salt[:64], person=kind.encode(), digest_size=DIGITS // 2)
    return PREFIXES[kind] + digest.hexdigest()


def new_salt() -> bytes:
    """Return a fresh random salt. Forgotten after an import, it makes the pseudonyms final."""
    return secrets.token_bytes(SALT_BYTES)


def read_salt(path: Path) -> bytes:
    """Return the salt in a file, which is made, for its owner only, where there is none.

    Imports with the same file give the same person the same pseudonym; whoever has the file can test whether a known
    id is among them, so it is to be deleted once the last import is done.

    Raises
    ------
    TombolaError
        If the file cannot be read or made, or holds no salt.
    """
    try:
        if not path.exists():
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(new_salt().hex() + "\n")
        return bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as error:
        raise TombolaError(f"{path} is no salt, and none can be made there: {error}") from None
