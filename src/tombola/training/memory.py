"""Memory that stays with the process while it trains.

A step of a convolutional network allocates and frees the same large maps again and again. The C library hands blocks
of that size back to the system, which has to clear every page of them anew: a sixth of a Conv-2 step on a CPU.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's ``mallopt``."""

LARGEST = 32 << 20
"""Bytes of the largest block that glibc agrees to serve from its heap."""

KEEP, RELEASE = (1 << 31) - 1, 2 * LARGEST
"""Free bytes at the end of the heap that stay: all; as many as glibc's own rule allows after a block of `LARGEST`."""


@contextmanager
def memory_kept() -> Iterator[None]:
    """Keep freed memory for the next step; it is given back at the end. Does nothing without glibc."""
    library = _glibc()
    if library is None:
        yield
        return
    library.mallopt(MMAP_THRESHOLD, LARGEST)
    library.mallopt(TRIM_THRESHOLD, KEEP)
    try:
        yield
    finally:
        library.mallopt(TRIM_THRESHOLD, RELEASE)
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        library = ctypes.CDLL("libc.so.6")
    except OSError:
        return None
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
