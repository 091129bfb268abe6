"""User code that registers scores, controls, networks and data sets: imported by name, its source on record."""

import hashlib
import importlib
import inspect
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from tombola.errors import TombolaError


def load_plugins(modules: Iterable[str]) -> dict[str, str]:
    """Import plug-in modules and return the SHA-256 of each one's source.

    Modules are looked up as usual, the current directory included.

    Raises
    ------
    TombolaError
        If a module cannot be found or fails while it is imported.
    """
    digests = {}
    for name in modules:
        try:
            digests[name] = source_digest(imported(name))
        except TombolaError:
            raise
        except Exception as error:
            raise TombolaError(
                f"plugins: module '{name}' cannot be imported: {type(error).__name__}: {error}"
            ) from error
    return digests


def imported(name: str) -> ModuleType:
    """Import a module of other people's code, looked up as usual, the current directory included."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    return importlib.import_module(name)


def source_digest(module: ModuleType) -> str:
    """Return the SHA-256 of a module's source, in hexadecimal."""
    return hashlib.sha256(inspect.getsource(module).encode()).hexdigest()
