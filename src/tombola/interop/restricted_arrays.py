"""NumPy arrays in a pickle, without NumPy's own reconstruction: plain numbers, or lists of inert values."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tombola.interop.restricted_builders import Builder, Inert, MalformedError, named

NDARRAY = Builder("numpy.ndarray")
NUMBERS = {
    f"{kind}{size}" for kind, sizes in {"i": (1, 2, 4, 8), "u": (1, 2, 4, 8), "f": (2, 4, 8)}.items() for size in sizes
}
OBJECTS = {"O", "O8", "O4"}


@dataclass
class ArrayType(Inert):
    """Stands for ``numpy.dtype``: a code and a byte order."""

    code: str
    order: str = "<"

    def build(self, state: Any) -> None:
        """Take the byte order; records and metadata are refused."""
        if not isinstance(state, tuple) or len(state) < 5 or state[1] not in ("<", ">", "|", "="):
            raise MalformedError("is damaged: an array of an unknown type of numbers")
        if any(part is not None for part in state[2:5]):
            raise MalformedError("holds an array of records, which no result needs")
        self.order = state[1]


@dataclass
class Array(Inert):
    """Stands for ``numpy.ndarray``.

    Attributes
    ----------
    numbers
        The array, where it is one of numbers.
    objects
        Its entries in flat order, where it is one of objects.
    """

    numbers: np.ndarray[Any, Any] | None = None
    objects: list[Any] | None = None

    def build(self, state: Any) -> None:
        """Take shape, type and content."""
        if not isinstance(state, tuple) or len(state) != 5 or not isinstance(state[2], ArrayType):
            raise MalformedError("is damaged: an array without content")
        _, shape, kind, fortran, content = state
        if not isinstance(shape, tuple) or not all(type(n) is int and 0 <= n < 1 << 31 for n in shape):
            raise MalformedError("is damaged: an array of impossible shape")
        size = math.prod(shape)
        if kind.code in OBJECTS:
            if type(content) is not list or len(content) != size:
                raise MalformedError("is damaged: an array of objects and its shape do not fit")
            self.objects = content
            return
        dtype = np.dtype(kind.code).newbyteorder("<" if kind.order in "|=" else kind.order)
        if not isinstance(content, bytes) or len(content) != size * dtype.itemsize:
            raise MalformedError("is damaged: an array of numbers and its shape do not fit")
        values = np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C")
        self.numbers = values.astype(dtype.newbyteorder("="))


def _reconstruct(arguments: tuple[Any, ...]) -> Array:
    if len(arguments) != 3 or arguments[0] is not NDARRAY:
        raise MalformedError("is damaged: an array of an unknown kind")
    return Array()


def _dtype(arguments: tuple[Any, ...]) -> ArrayType:
    if not arguments or arguments[0] not in NUMBERS | OBJECTS | {"b1"}:
        raise MalformedError("holds an array of something else than numbers or objects")
    return ArrayType(arguments[0])


def _encode(arguments: tuple[Any, ...]) -> bytes:
    if len(arguments) != 2 or not isinstance(arguments[0], str) or arguments[1] != "latin1":
        raise MalformedError("encodes something else than Latin-1 text; do not trust it")
    return arguments[0].encode("latin1")


ARRAYS = named(
    Builder("numpy.core.multiarray._reconstruct", _reconstruct),
    Builder("numpy._core.multiarray._reconstruct", _reconstruct),
    NDARRAY,
    Builder("numpy.dtype", _dtype),
    Builder("_codecs.encode", _encode),
)
"""What arrays are pickled with, for files that hold some."""
