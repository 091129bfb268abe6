"""Read the python layout of CIFAR without running anything: a pickle reader that knows arrays and refuses all else.

NumPy arrays are pickled as calls (``_reconstruct``, ``dtype``, ``_codecs.encode``). These names resolve to inert
stand-ins made afresh for every file, so nothing a file does reaches the interpreter; any other name is refused.
"""

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tombola.data.faults import damaged, reading
from tombola.errors import TombolaError

PLAIN_KINDS = frozenset("biuf")
"""Kinds of array that are plain numbers: booleans, integers, floats."""


def read_arrays(path: Path, pull: str | None = None) -> dict[str, Any]:
    """Return the mapping in a pickle file: texts, numbers, lists of them, arrays of numbers; keys as text.

    Raises
    ------
    TombolaError
        If the file is damaged, holds anything else, or names anything to import but the parts of an array.
    """
    faults = (
        pickle.UnpicklingError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        OverflowError,
        MemoryError,
    )
    with reading(path, pull, *faults):
        content = _finished(_Reader(path.read_bytes(), path).load())
    if not isinstance(content, dict):
        raise damaged(path, "holds no mapping of arrays", pull)
    return {_text(key): value for key, value in content.items()}


class _Reader(pickle.Unpickler):
    def __init__(self, content: bytes, path: Path) -> None:
        super().__init__(io.BytesIO(content), encoding="bytes")
        self._path = path
        self._known = _stand_ins()

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._known:
            raise TombolaError(
                f"{self._path} asks to run {module}.{name}, which no image set needs; it may be malicious: "
                "do not use it, take the official file instead"
            )
        return self._known[module, name]

    def persistent_load(self, pid: Any) -> Any:
        raise TombolaError(
            f"{self._path} refers to an object outside of itself ({pid!r}), which no image set needs; replace it"
        )


def _stand_ins() -> dict[tuple[str, str], Any]:
    """Return fresh stand-ins for everything an array is pickled with."""

    class Type:
        """Stands for numpy.dtype."""

        def __init__(self, code: str | bytes, *_: Any) -> None:
            self.dtype = np.dtype(_text(code))

        def __setstate__(self, state: tuple[Any, ...]) -> None:
            self.dtype = self.dtype.newbyteorder({"|": "="}.get(_text(state[1]), _text(state[1])))  # type: ignore[arg-type]

    class Array:
        """Stands for numpy.ndarray; `finish` makes the real one, of plain numbers only."""

        state: tuple[Any, ...] | None = None

        def __setstate__(self, state: tuple[Any, ...]) -> None:
            self.state = state

        def finish(self) -> np.ndarray[Any, Any]:
            if self.state is None:
                raise ValueError("an array without content")
            _, shape, kind, fortran, raw = self.state
            if not isinstance(kind, Type) or kind.dtype.kind not in PLAIN_KINDS:
                raise ValueError("an array of something other than numbers")
            content = raw if isinstance(raw, bytes) else raw.encode("latin1")
            return np.frombuffer(content, kind.dtype).reshape(shape, order="F" if fortran else "C")

    def reconstruct(*_: Any) -> Array:
        return Array()

    def encode(text: str | bytes, *_: Any) -> bytes:
        return text if isinstance(text, bytes) else text.encode("latin1")

    modules: dict[str, dict[str, Callable[..., Any]]] = {
        "numpy": {"ndarray": Array, "dtype": Type},
        "numpy.core.multiarray": {"_reconstruct": reconstruct},
        "numpy._core.multiarray": {"_reconstruct": reconstruct},
        "_codecs": {"encode": encode},
    }
    return {(module, name): stand_in for module, names in modules.items() for name, stand_in in names.items()}


def _finished(value: Any) -> Any:
    """Replace stand-ins by arrays; refuse what is neither text nor number."""
    if isinstance(value, dict):
        return {key: _finished(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finished(item) for item in value]
    if isinstance(value, str | bytes | int | float) or value is None:
        return value
    if hasattr(value, "finish"):
        return value.finish()
    raise ValueError(f"it holds an unexpected {type(value).__name__}")


def _text(value: str | bytes) -> str:
    return value.decode("latin1") if isinstance(value, bytes) else value
