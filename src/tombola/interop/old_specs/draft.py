"""A spec in the making, and the rules that old keys are converted by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tombola.errors import TombolaError
from tombola.interop.old_specs.values import choice, number, truth, whole

Values = Mapping[str, Any]


@dataclass
class Draft:
    """What has been converted so far.

    Attributes
    ----------
    spec
        Fields of ours, nested, as a spec file has them.
    notes
        What a reader must know of the conversion, one sentence each.
    """

    spec: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def put(self, field_name: str, value: Any) -> None:
        """Set a field by its dotted name."""
        *parts, leaf = field_name.split(".")
        place = self.spec
        for part in parts:
            place = place.setdefault(part, {})
        place[leaf] = value

    def note(self, sentence: str) -> None:
        """Add a note, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)


Rule = Callable[[str, Any, Draft, Values], None]
"""(key, its value, the spec in the making, all values) -> nothing; raises where the key asks for what there is not."""


def to_number(*fields: str) -> Rule:
    """Return the rule that puts a number into fields."""

    def rule(key: str, value: Any, draft: Draft, _: Values) -> None:
        for name in fields:
            draft.put(name, number(key, value))

    return rule


def to_whole(*fields: str) -> Rule:
    """Return the rule that puts a whole number into fields."""

    def rule(key: str, value: Any, draft: Draft, _: Values) -> None:
        for name in fields:
            draft.put(name, whole(key, value))

    return rule


def to_epochs(*fields: str) -> Rule:
    """Return the rule that puts a number of epochs into fields that are lengths."""

    def rule(key: str, value: Any, draft: Draft, _: Values) -> None:
        for name in fields:
            draft.put(name, f"{whole(key, value)}ep")

    return rule


def to_truth(name: str) -> Rule:
    """Return the rule that puts a boolean into a field."""

    def rule(key: str, value: Any, draft: Draft, _: Values) -> None:
        draft.put(name, truth(key, value))

    return rule


def to_choice(name: str, known: Mapping[str, Any]) -> Rule:
    """Return the rule that puts what a word stands for into a field."""

    def rule(key: str, value: Any, draft: Draft, _: Values) -> None:
        draft.put(name, choice(key, value, known))

    return rule


def ignored(why: str) -> Rule:
    """Return the rule that says why a key means nothing here."""

    def rule(key: str, _: Any, draft: Draft, __: Values) -> None:
        draft.note(f"{key} is ignored: {why}.")

    return rule


def unused_upstream(key: str, _: Any, draft: Draft, __: Values) -> None:
    """Say that a key was ignored by the program it was written for, and is ignored here."""
    draft.note(f"{key} was ignored upstream, and is ignored here.")


def only(wanted: bool, why: str) -> Rule:
    """Return the rule that refuses one value of a boolean key, and passes over the other."""

    def rule(key: str, value: Any, _: Draft, __: Values) -> None:
        if truth(key, value) is not wanted:
            raise TombolaError(f"{key}: {str(value).lower()} cannot be had: {why}")

    return rule


def read_elsewhere(_: str, __: Any, ___: Draft, ____: Values) -> None:
    """Leave a key to another one's rule, which reads both."""
