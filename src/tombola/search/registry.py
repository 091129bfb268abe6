"""The registry of searches, and what an entry says beside its function."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from tombola.registry import Registry
from tombola.search.task import SearchResult, SearchTask
from tombola.specs.search import SearchSpec

Search = Callable[[SearchTask], SearchResult]
"""Task -> the mask that was found. Deterministic: equal tasks, equal bits; the global random state is not touched."""

COMMON = frozenset(
    {"length", "optimiser", "lr", "schedule", "momentum", "weight_decay", "score_init", "scale_fan"},
)
"""Fields of a search that every one of them goes by."""

EVERY = frozenset(SearchSpec.model_fields)


@dataclass(frozen=True)
class SearchRule:
    """A search as the registry keeps it.

    Attributes
    ----------
    search
        Task -> result.
    options
        The fields of ``search`` that it goes by; any other one that is set is refused, never ignored.
    refuses
        ``search`` -> why it cannot be searched like that, else None.
    """

    search: Search
    options: frozenset[str]
    refuses: Callable[[SearchSpec], str | None]

    def __call__(self, task: SearchTask) -> SearchResult:
        """Return the mask that is found."""
        return self.search(task)

    def why_not(self, search: SearchSpec) -> str | None:
        """Return why a search cannot be run as asked for: a field that means nothing to it, or a contradiction."""
        for name, field in SearchSpec.model_fields.items():
            value = getattr(search, name)
            if value != field.default and name not in self.options:
                return f"search.{name} = {value!r} means nothing to it; leave it out"
        return self.refuses(search)


class Searches(Registry[SearchRule]):
    """Searches by name. A plain function is registered by its name alone; what more it says is said beside it."""

    def register(  # type: ignore[override]
        self,
        name: str,
        *,
        options: Collection[str] = EVERY,
        refuses: Callable[[SearchSpec], str | None] = lambda search: None,
    ) -> Callable[[Search], Search]:
        """Return a decorator that files a search under `name` (`SearchRule` says what the rest means)."""
        keep = super().register(name)

        def file(search: Search) -> Search:
            keep(SearchRule(search, COMMON | frozenset(options), refuses))
            return search

        return file


searches = Searches("search")
