"""How faults of files are told: which file, what is wrong with it, what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tombola.errors import TombolaError


def damaged(path: Path, what: str, pull: str | None = None) -> TombolaError:
    """Return the error for a file that cannot be what it should be.

    Parameters
    ----------
    path
        The file.
    what
        What is wrong, as the rest of a sentence: ``"ends too early"``.
    pull
        Name of the set, where it can be pulled again.
    """
    mend = f"delete it and run `tombola data pull {pull}`" if pull else "replace it"
    return TombolaError(f"{path} {what}; {mend}, or point data.root to an intact copy")


@contextmanager
def reading(path: Path, pull: str | None, *errors: type[Exception]) -> Iterator[None]:
    """Turn the errors a reader may raise on a broken file into one sentence; a missing permission is told as itself."""
    try:
        yield
    except TombolaError:
        raise
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        raise TombolaError(
            f"{path} cannot be opened: {error.strerror}; check data.root and the file's permissions"
        ) from error
    except (OSError, EOFError) as error:
        raise damaged(path, f"is damaged ({_reason(error)})", pull) from error
    except errors as error:
        raise damaged(path, f"is damaged ({_reason(error)})", pull) from error


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) < 160 else f"{text[:157]}..."
