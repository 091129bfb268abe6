"""A word of warning where results are imported ones with contradictions that nobody has settled."""

from collections.abc import Iterable
from pathlib import Path

INTEGRITY = "integrity.json"
MOST = 3


def warn_of_import_errors(runs: Iterable[Path]) -> None:
    """Say which runs were imported with open errors, before anything is said about their numbers."""
    from tombola.analysis.wording import count
    from tombola.cli.console import messages
    from tombola.store import RunFolder
    from tombola.store.files import read_json

    for path in runs:
        folder = RunFolder(path)
        record = read_json(folder.import_file) if folder.imported else {}
        errors = record.get("errors", []) if isinstance(record, dict) else []
        if not errors:
            continue
        where = path / INTEGRITY if (path / INTEGRITY).is_file() else folder.import_file
        console = messages()
        told = f"warning: {path.name} was imported with {count(len(errors), 'open error')} ({where})"
        console.print(told, markup=False, soft_wrap=True)
        for line in errors[:MOST]:
            console.print(f"  {line}", markup=False, soft_wrap=True)
        if len(errors) > MOST:
            console.print(f"  and {count(len(errors) - MOST, 'other')}", markup=False)
