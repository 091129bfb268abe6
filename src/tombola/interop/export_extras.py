"""Packages that only some formats need."""

from importlib.util import find_spec

from tombola.errors import TombolaError


def needs(extra: str, *packages: str) -> None:
    """Make sure that optional packages are there.

    Raises
    ------
    TombolaError
        Otherwise, naming the extra of Tombola that brings them.
    """
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise TombolaError(f"this format needs {', '.join(missing)}: pip install 'tombola[{extra}]'")
