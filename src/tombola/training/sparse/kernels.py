"""How kernels are compiled: once per machine, without the interpreter lock, cached on disk until any kernel changes."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit
from numba.core.caching import FunctionCache

Function = TypeVar("Function", bound=Callable[..., Any])


@cache
def sources_digest() -> str:
    """Return a digest of the sources of this package."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


class PackageCache(FunctionCache):
    """Numba's cache on disk, keyed by the sources of all kernels.

    Numba looks only at the file of the function it caches, and would keep machine code of kernels that have changed in
    another file.
    """

    def _index_key(self, signature: Any, codegen: Any) -> tuple[Any, ...]:
        return (*super()._index_key(signature, codegen), sources_digest())  # type: ignore[no-untyped-call]


def kernel(function: Function) -> Function:
    """Compile a function when it is first called.

    Errors are those of NumPy (a division by zero is an infinity) and no arithmetic is reordered: without fast-math
    flags,
    NaN and infinities keep their meaning and the same inputs give the same bits.
    """
    return cast(Function, njit(nogil=True, error_model="numpy")(function))


def entry(function: Function) -> Function:
    """Compile like `kernel` and cache the result on disk: for functions that are called from Python."""
    dispatcher = kernel(function)
    dispatcher._cache = PackageCache(function)  # type: ignore[attr-defined, no-untyped-call]
    return dispatcher
