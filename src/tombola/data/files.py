"""Write a file so that it is either whole or not there."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tombola.errors import TombolaError


@contextmanager
def written(path: Path, hint: str = "make room, or choose another place") -> Iterator[IO[bytes]]:
    """Yield a file that becomes `path` in one step when the block ends well, and nothing otherwise.

    Raises
    ------
    TombolaError
        If the folder cannot be written or the disk is full, ending in `hint`.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise TombolaError(f"cannot write {path}: {error.strerror or error}; {hint}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
