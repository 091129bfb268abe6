"""Writing what was asked for beside its place, and moving it there whole."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

from tombola.errors import TombolaError
from tombola.store.files import sync, told_clearly


@contextmanager
def replacing(target: Path, entries: tuple[str, ...] = (), *, overwrite: bool) -> Iterator[Path]:
    """Give a path to build a file or folder at, and move it to `target` when the context ends well.

    Parameters
    ----------
    target
        The file or folder to appear.
    entries
        Patterns of what a folder that may be replaced holds. Empty: a folder is never replaced.
    overwrite
        Whether what is there may be replaced.

    Raises
    ------
    TombolaError
        If something is there that may not be replaced, or cannot be written.
    """
    _allow(target, entries, overwrite=overwrite)
    aside = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
    with told_clearly(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with told_clearly(target):
            yield aside
            _as_readable_as_folder(aside)
            sync(aside)
            _move(aside, target)
            sync(target.parent)
    finally:
        _remove(aside)


def taken(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)


def _allow(target: Path, entries: tuple[str, ...], *, overwrite: bool) -> None:
    if not target.exists() and not target.is_symlink():
        return
    if not overwrite:
        raise TombolaError(f"{target} exists; give --overwrite to replace it, or another path (-o)")
    if target.is_dir() and not target.is_symlink():
        strange = [
            file.name for file in target.iterdir() if not any(fnmatchcase(file.name, pattern) for pattern in entries)
        ]
        if strange or not entries:
            found = f" (it holds {sorted(strange)[0]})" if strange else ""
            raise TombolaError(f"{target} is a folder of something else{found} and is not replaced; give another path")
    elif entries:
        raise TombolaError(f"{target} is a file where a folder is to be written; give another path (-o)")


def _as_readable_as_folder(made: Path) -> None:
    mode = made.parent.stat().st_mode & 0o644  # safetensors writes for its owner only
    for file in [made] if made.is_file() else made.rglob("*"):
        if file.is_file():
            file.chmod(mode)


def _move(aside: Path, target: Path) -> None:
    if target.is_dir() and not target.is_symlink():
        old = aside.with_suffix(".old")
        target.rename(old)
        aside.rename(target)
        shutil.rmtree(old)
    else:
        aside.replace(target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
