"""Finding runs: every run folder below a folder, among whatever else lies there."""

import os
from collections.abc import Iterator
from pathlib import Path

from tombola.errors import TombolaError

FIRST_WORD = b"schema:"
"""What every ``spec.yaml`` of a run begins with, and no spec that people write."""


def run_folders(root: Path) -> Iterator[Path]:
    """Yield every folder below `root` (itself included) that is a run or was one, in order of their paths.

    A run has a ``spec.yaml`` that begins with its schema, or finished jobs. Links to folders and hidden folders are not
    followed, nor what lies inside a run.

    Raises
    ------
    TombolaError
        If there is no such folder.
    """
    if not root.is_dir():
        raise TombolaError(f"{root} is no folder; name one that holds runs (tombola run puts them into runs)")
    for place, folders, files in os.walk(root):
        path = Path(place)
        if _looks_like_a_run(path, folders, files):
            folders.clear()
            yield path
        else:
            folders[:] = sorted(name for name in folders if not name.startswith("."))


def _looks_like_a_run(path: Path, folders: list[str], files: list[str]) -> bool:
    if "spec.yaml" in files:
        try:
            with (path / "spec.yaml").open("rb") as file:
                if file.read(len(FIRST_WORD)) == FIRST_WORD:
                    return True
        except OSError:
            pass  # a file that cannot be read says nothing; jobs beside it do
    return "jobs" in folders and next((path / "jobs").glob("*/*/*/*/job.json"), None) is not None
