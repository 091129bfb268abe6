"""Captum, imported when a method needs it."""

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tombola.errors import TombolaError


@contextmanager
def captum(method: str) -> Iterator[Any]:
    """Give ``captum.attr``; its announcements are silenced inside.

    Raises
    ------
    TombolaError
        If Captum is not installed.
    """
    try:
        library = importlib.import_module("captum.attr")
    except ImportError:
        raise TombolaError(
            f"method '{method}' needs Captum, which is not installed; `pip install 'tombola[explain]'`, or choose "
            "another method, such as grad-cam"
        ) from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of hooks it sets and removes, and of flags it turns on
        yield library
