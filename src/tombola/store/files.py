"""Writing files so that a reader sees the old content or the new, never half of either."""

import errno
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tombola.errors import TombolaError

REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission is denied",
    errno.EPERM: "permission is denied",
}


@contextmanager
def told_clearly(path: Path) -> Iterator[None]:
    """Turn a failure to write into one sentence that says what is safe and what to do."""
    try:
        yield
    except OSError as error:
        reason = REASONS.get(error.errno or 0, str(error))
        raise TombolaError(
            f"cannot write {path}: {reason}; everything finished before is intact, and the same command continues there"
        ) from error


def write_text(path: Path, text: str) -> None:
    """Replace a file by new text, atomically; nothing is written where the text is already there."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file by new content, atomically; nothing is written where the content is already there."""
    with told_clearly(path):
        if path.is_file() and path.read_bytes() == content:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
        try:
            beside.write_bytes(content)
            sync(beside)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
        sync(path.parent)


def write_json(path: Path, content: Any) -> None:
    """Replace a JSON file, atomically."""
    write_text(path, json.dumps(content, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """Return the content of a JSON file, or raise one sentence that names it."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise TombolaError(f"cannot read {path}: {error}; the file is damaged or was not written by Tombola") from error


@contextmanager
def publishing(target: Path, workshop: Path) -> Iterator[Path]:
    """Build a folder aside and publish it by one rename: where `target` is visible, it is complete.

    Parameters
    ----------
    target
        The folder to appear. If it exists already, somebody else finished the same work: theirs stays, ours goes.
    workshop
        A folder on the same file system, for work in progress.
    """
    aside = workshop / uuid.uuid4().hex
    with told_clearly(target):
        aside.mkdir(parents=True)
    try:
        yield aside
        with told_clearly(target):
            for file in aside.iterdir():
                file.chmod(aside.stat().st_mode & 0o666)  # safetensors writes for its owner only
                sync(file)
            sync(aside)
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                try:
                    aside.rename(target)
                except OSError as error:
                    if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                        raise
            sync(target.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def sync(path: Path) -> None:
    """Force a file or folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
