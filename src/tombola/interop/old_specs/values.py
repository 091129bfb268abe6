"""Values of old configurations: booleans that mean what they say, numbers, choices."""

from collections.abc import Mapping
from typing import Any, TypeVar

from tombola.errors import TombolaError, nearest

T = TypeVar("T")

TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def truth(key: str, value: Any) -> bool:
    """Return a boolean; the text "False" is false, which upstream it was not.

    Examples
    --------
    >>> truth("invert", "False")
    False

    Raises
    ------
    TombolaError
        If it is neither.
    """
    text = str(value).strip().lower()
    if text in TRUE or text in FALSE:
        return text in TRUE
    raise TombolaError(f"{key} = {value!r}: true or false is needed")


def number(key: str, value: Any) -> float:
    """Return a number, also where YAML read ``5e-4`` as text.

    Raises
    ------
    TombolaError
        If it is none.
    """
    try:
        if isinstance(value, bool):
            raise ValueError
        return float(value)
    except (TypeError, ValueError):
        raise TombolaError(f"{key} = {value!r}: a number is needed") from None


def whole(key: str, value: Any) -> int:
    """Return a whole number that is not negative.

    Raises
    ------
    TombolaError
        If it is none.
    """
    found = number(key, value)
    if found != int(found) or found < 0:
        raise TombolaError(f"{key} = {value!r}: a whole number is needed, 0 or more")
    return int(found)


def numbers(key: str, value: Any) -> list[float]:
    """Return a list of numbers; one number is a list of one, and text is split at commas and spaces.

    Raises
    ------
    TombolaError
        If an entry is no number.
    """
    if isinstance(value, str):
        value = [part for part in value.replace(",", " ").strip("[] ").split() if part]
    return [number(key, entry) for entry in (value if isinstance(value, list | tuple) else [value])]


def choice(key: str, value: Any, known: Mapping[str, T]) -> T:
    """Return what one of several words stands for; upper case does not matter.

    Raises
    ------
    TombolaError
        If it is none of them.
    """
    words = {word.lower(): meaning for word, meaning in known.items()}
    text = str(value).strip().lower()
    if text not in words:
        raise TombolaError(f"{key} = {value!r} is not known{nearest(str(value), known)}")
    return words[text]
