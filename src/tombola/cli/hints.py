"""What help says of defaults: once, and only where there is one."""

import dataclasses
from collections.abc import Callable
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

import tyro

T = TypeVar("T")

NOTHING = ("None", "False", "", "''")


def told_once(form: type[T]) -> type[T]:
    """Return a form whose help leaves out defaults that say nothing, or that the text tells in ``[brackets]`` already.

    Required arguments, repeatable ones and those with a hint of their own stay as they are; so do forms that are no
    dataclass.
    """
    if not dataclasses.is_dataclass(form):
        return form
    hints = get_type_hints(form, include_extras=True)
    fields = [(field.name, _told(hints[field.name], field), _again(field)) for field in dataclasses.fields(form)]
    return dataclasses.make_dataclass(form.__name__, fields)


def _told(kind: Any, field: "dataclasses.Field[Any]") -> Any:
    said = [item for item in get_args(kind)[1:] if hasattr(item, "help_behavior_hint")]
    required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    repeatable = get_args(tyro.conf.UseAppendAction[int])[1] in get_args(kind)[1:]
    if required or repeatable or any(item.help_behavior_hint is not None for item in said):
        return kind
    text = next((item.help for item in said if item.help), "")
    return Annotated[kind, tyro.conf.arg(help_behavior_hint=_hint(text))]


def _hint(text: str) -> Callable[[str], str]:
    return lambda default: "" if default in NOTHING or "[" in text else f"(default: {default})"


def _again(field: "dataclasses.Field[Any]") -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return dataclasses.field(default_factory=field.default_factory)
    return dataclasses.field(default=field.default)
