"""Reading files that ``torch.save`` wrote, without running anything they hold.

Such a file is a pickle, and to unpickle one is to let its author run code. Here its opcodes are interpreted by a
machine that can build texts, numbers, containers and tensors and nothing else (`restricted_opcodes`); every size is
checked against the file before memory is taken (`restricted_storages`).
"""

from pathlib import Path
from typing import Any

from torch import Tensor

from tombola.errors import TombolaError
from tombola.interop.restricted_builders import NUMBERS, PARAMETERS, TENSORS, Globals, MalformedError
from tombola.interop.restricted_stream import MAGIC, read_stream
from tombola.interop.restricted_zip import read_zip

LIMIT = 4 << 30
"""Default limit in bytes, of a file and of what is built from it."""

ZIP = b"PK\x03\x04"


def read_torch(path: str | Path, *, globals: Globals | None = None, limit: int = LIMIT) -> Any:
    """Return what a torch file holds: texts, numbers, lists, tuples, mappings, and tensors on the CPU.

    Both forms are read, the zip of torch 1.6 and later and the older stream. Tensors are contiguous, each with memory
    of its own, wherever they were when they were saved.

    Parameters
    ----------
    path
        The file.
    globals
        What the file may name besides ``OrderedDict``, the tensor rebuilding function and the storages of float32 and
        int64: a table of inert builders, such as `NUMBERS` (storages of other numbers), `PARAMETERS`,
        `restricted_arrays.ARRAYS`, or ``named(record("their.module.Class"))``. Tables are joined with ``|``.
    limit
        The most bytes that the file, or the tensors in it, may take.

    Raises
    ------
    TombolaError
        One sentence that names the file, and the offending name where it asks for more than tensors.
    """
    path = Path(path)
    allowed = dict(TENSORS) | dict(globals or {})
    try:
        with path.open("rb") as file:
            head = file.read(len(MAGIC))
        size = path.stat().st_size
        if size > limit:
            raise MalformedError(
                f"is {size:,} bytes large, more than the limit of {limit:,}; raise the limit to read it"
            )
        if head.startswith(ZIP):
            return read_zip(path, allowed, limit)
        if head.startswith(MAGIC):
            return read_stream(path, allowed, limit)
        raise MalformedError("is no torch file, or is cut off: it begins like neither form of them")
    except MalformedError as error:
        raise TombolaError(f"{path} {error}") from error
    except OSError as error:
        raise TombolaError(f"cannot read {path}: {error.strerror or error}") from error
    except (MemoryError, RecursionError, RuntimeError) as error:
        raise TombolaError(f"{path} cannot be read: {type(error).__name__}") from error


def read_tensors(path: str | Path, *, globals: Globals | None = None, limit: int = LIMIT) -> dict[str, Tensor]:
    """Return a file's tensors by name, of any type of numbers; it may hold nothing else.

    Raises
    ------
    TombolaError
        As `read_torch`, and if the file holds something else.
    """
    allowed = dict(NUMBERS) | dict(PARAMETERS) | dict(globals or {})
    value = read_torch(path, globals=allowed, limit=limit)
    if not is_state_dict(value):
        raise TombolaError(f"{path} holds no state dict (a mapping of names to tensors)")
    return dict(value)


def is_state_dict(value: Any) -> bool:
    """Return whether a value is a mapping of names to tensors."""
    named = isinstance(value, dict) and all(isinstance(key, str) for key in value)
    return named and all(isinstance(tensor, Tensor) for tensor in value.values())
