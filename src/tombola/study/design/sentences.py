"""Plain data to a frozen model, with one sentence about the first mistake."""

from collections.abc import Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from tombola.errors import TombolaError, nearest

M = TypeVar("M", bound=BaseModel)


def validated(model: type[M], values: Mapping[str, Any], what: str) -> M:
    """Return the model that plain data describes.

    Parameters
    ----------
    model
        A frozen pydantic model.
    values
        Plain data, as YAML gives it.
    what
        What the whole is called where no single field is at fault.

    Raises
    ------
    TombolaError
        One sentence for the first thing that is wrong, naming field, value and way out.
    """
    refuse_unknown(model, values)
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or what
        shown = first.get("input")
        value = "" if isinstance(shown, dict | BaseModel) else f" = {shown!r}"
        raise TombolaError(f"{field}{value}: {first['msg'].removeprefix('Value error, ')}") from None


def refuse_unknown(model: type[BaseModel], values: Mapping[str, Any], prefix: str = "") -> None:
    """Raise for the first key that is no field, at any depth, with the nearest field."""
    for name, value in values.items():
        if name not in model.model_fields:
            valid = [f"{prefix}{field}" for field in model.model_fields]
            raise TombolaError(f"unknown field '{prefix}{name}'{nearest(f'{prefix}{name}', valid)}")
        part = _part(model.model_fields[name].annotation)
        if part is None:
            continue
        for item in value if isinstance(value, list | tuple) else [value]:
            if isinstance(item, Mapping):
                refuse_unknown(part, item, f"{prefix}{name}.")


def _part(annotation: Any) -> type[BaseModel] | None:
    """Return the model a field holds, or holds a tuple of; else None."""
    candidates = (annotation, *get_args(annotation))
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)
