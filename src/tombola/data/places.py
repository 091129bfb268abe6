"""Where image sets lie: the spec's root, TOMBOLA_DATA, the user's cache; each a parent or the set's own folder."""

import os
from pathlib import Path
from typing import NamedTuple

from tombola.data.source import Source, sets
from tombola.errors import TombolaError

VARIABLE = "TOMBOLA_DATA"


class Root(NamedTuple):
    """A folder to look in, and who named it."""

    path: Path
    origin: str


def user_cache() -> Path:
    """Return the platform's cache folder for Tombola (it need not exist)."""
    import pooch

    return Path(pooch.os_cache("tombola"))


def data_roots(root: str | None) -> list[Root]:
    """Return the folders to look in, in order.

    Raises
    ------
    TombolaError
        If `root` is given and does not exist.
    """
    roots = []
    if root is not None:
        path = Path(root).expanduser()
        if not path.exists():
            raise TombolaError(f"data.root = {root!r}: there is no such file or folder")
        roots.append(Root(path, "data.root"))
    if named := os.environ.get(VARIABLE):
        roots.append(Root(Path(named).expanduser(), VARIABLE))
    return [*roots, Root(user_cache(), "the user's cache")]


def locate(name: str, root: str | None) -> Path | None:
    """Return the folder (or file) that holds a set, None for sets that need none.

    Raises
    ------
    TombolaError
        If it is nowhere, saying where it was looked for and how to get it.
    """
    source = sets[name]
    if source.needs_root:
        if root is None:
            raise TombolaError(f"data.root is missing: the set '{name}' is what data.root points to ({source.title})")
        return data_roots(root)[0].path
    if not source.layouts:
        return None
    roots = data_roots(root)
    partial = ""
    for path, _ in roots:
        for folder in candidates(name, source, path):
            lacking = source.lacking(folder)
            if not lacking:
                return folder
            partial = partial or _partial(name, folder, lacking)
    looked = ", ".join(f"{path} ({origin})" for path, origin in roots)
    pull = f"run `tombola data pull {name}`, or " if source.downloads else ""
    raise TombolaError(
        f"data set '{name}' was not found in {looked}{partial}; "
        f"{pull}point data.root or {VARIABLE} to the folder that holds it"
    )


def candidates(name: str, source: Source, root: Path) -> list[Path]:
    """Return the folders below a root, and the root itself, that may be the set."""
    below = [root / layout for layout in source.layouts]
    own = [] if _is_anothers(root, name) else [root]
    return [folder for folder in below + own if folder.is_dir()]


def _is_anothers(folder: Path, name: str) -> bool:
    """Tell whether a folder is named as another set's: MNIST and Fashion-MNIST have the same file names."""
    mine = sets[name].layouts
    if any(_ends_with(folder, layout) for layout in mine):
        return False
    return any(_ends_with(folder, layout) for other in sets for layout in sets[other].layouts if layout not in mine)


def _ends_with(folder: Path, layout: str) -> bool:
    parts = Path(layout).parts
    return folder.absolute().parts[-len(parts) :] == parts


def _partial(name: str, folder: Path, lacking: list[str]) -> str:
    """Tell what a folder with the set's own name lacks."""
    if not any(_ends_with(folder, layout) for layout in sets[name].layouts):
        return ""
    shown = ", ".join(lacking[:3]) + (", ..." if len(lacking) > 3 else "")
    return f" ({folder} lacks {shown})"
