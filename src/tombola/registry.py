"""Named things users can add to: scores, allocations, controls, procedures, data sets, networks."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from tombola.errors import TombolaError, nearest

T = TypeVar("T")


class Registry(Generic[T]):
    """A mapping from public names to implementations, filled by decoration.

    Parameters
    ----------
    kind
        What is registered, singular, as error messages call it ("score", "control").

    Examples
    --------
    >>> scores: Registry[Callable[[], int]] = Registry("score")
    >>> @scores.register("one")
    ... def one() -> int:
    ...     return 1
    >>> scores["one"]()
    1
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that files its argument under `name`; the same name twice is an error."""

        def keep(item: T) -> T:
            if name in self._items:
                raise TombolaError(f"{self.kind} '{name}' is registered twice; choose another name for the second")
            self._items[name] = item
            return item

        return keep

    def __getitem__(self, name: str) -> T:
        if name not in self._items:
            raise TombolaError(f"unknown {self.kind} '{name}'{nearest(name, self._items)}")
        return self._items[name]

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._items))

    def __len__(self) -> int:
        return len(self._items)
