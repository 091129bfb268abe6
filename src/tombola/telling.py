"""How far slow work is: a function that hears it, for whoever waits."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Tell = Callable[[str, int, int], None]
"""Hears what is being done, and how many of how many parts of it are: ``tell("pairs", 3, 36)``."""

T = TypeVar("T")


def silent(what: str, done: int, total: int) -> None:
    """Hear, and do nothing."""


def walked(things: Sequence[T], what: str, tell: Tell) -> Iterator[T]:
    """Yield things one by one and tell how many are done, from none to all.

    Examples
    --------
    >>> for letter in walked("ab", "letters", print):
    ...     print(letter)
    letters 0 2
    a
    letters 1 2
    b
    letters 2 2
    """
    tell(what, 0, len(things))
    for done, thing in enumerate(things, start=1):
        yield thing
        tell(what, done, len(things))
