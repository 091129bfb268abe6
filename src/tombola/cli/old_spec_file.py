"""Spec files that are configurations of other programs: converted, with a word on what became of each key."""

from pathlib import Path
from typing import Any

from tombola.specs.resolve import read_spec_file


def converted(file: Path | None) -> tuple[Path | None, dict[str, Any]]:
    """Return a spec file of ours as it is; of an old one, what it holds in fields of ours, and tell what was noticed.

    Raises
    ------
    TombolaError
        If the file cannot be read, or has a key that cannot be converted.
    """
    if file is None:
        return None, {}
    from tombola.interop.old_specs import convert, family_of, is_old

    values = read_spec_file(file)
    if not is_old(values):
        return file, {}
    from tombola.cli.console import messages
    from tombola.interop.imported import run_name

    layer, notes = convert(values)
    layer.setdefault("name", run_name(file.stem))
    console = messages()
    console.print(f"{file} is a configuration of {family_of(values).title}", markup=False, soft_wrap=True)
    for sentence in notes:
        console.print(f"note: {sentence}", markup=False, soft_wrap=True)
    return None, layer
