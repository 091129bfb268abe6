"""Names of a package that are imported when they are first used, so that importing the package costs little."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def importer(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a package (PEP 562).

    Parameters
    ----------
    package
        Its name.
    homes
        Module that each name is imported from.

    Examples
    --------
    >>> importer("tombola", {"TombolaError": "tombola.errors"})("TombolaError").__name__
    'TombolaError'
    """

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        return getattr(import_module(homes[name]), name)

    return find
