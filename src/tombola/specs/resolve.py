"""From a preset, a file and flags to one validated experiment: preset < file < flags, validated once."""

from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from tombola.errors import TombolaError, nearest
from tombola.specs.compat import expanded
from tombola.specs.experiment import ExperimentSpec
from tombola.specs.prune import DENSE_ONLY

BASE = "base"
FILE_KEYS = {BASE, "description"}
"""Keys of a preset or spec file that are no fields of the experiment."""


def preset_names() -> list[str]:
    """Return the names of the presets that ship with Tombola."""
    folder = resources.files("tombola").joinpath("presets")
    return sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml"))


def preset(name: str) -> dict[str, Any]:
    """Return a preset as plain data, its ``base`` merged in, its ``name`` filled."""
    if name not in preset_names():
        raise TombolaError(f"unknown preset '{name}'{nearest(name, preset_names())}")
    text = resources.files("tombola").joinpath("presets", f"{name}.yaml").read_text()
    return _with_base({"name": name} | _mapping(text, f"preset {name}"))


def read_spec_file(path: Path) -> dict[str, Any]:
    """Return a spec file (YAML, ``base:`` allowed) as plain data."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise TombolaError(f"cannot read the spec file {path}: {error}") from error
    values = _with_base(_mapping(text, str(path)))
    values.pop("schema", None)  # a run's own spec.yaml is a valid spec file
    return values


def resolve(
    preset_name: str | None = None, file: Path | None = None, changes: Mapping[str, Any] | None = None
) -> ExperimentSpec:
    """Return the experiment that a preset, a file and changes on top describe.

    Parameters
    ----------
    preset_name
        A preset to start from; without one the defaults of the fields.
    file
        A spec file that overrides the preset.
    changes
        Nested plain data that overrides both, as flags do: ``{"prune": {"levels": 5}}``.

    Raises
    ------
    TombolaError
        One sentence for the first thing that is wrong, naming field, value and way out.
    """
    values: dict[str, Any] = preset(preset_name) if preset_name else {}
    if file is not None:
        values = overlay(values, expanded(read_spec_file(file)))
    values = overlay(values, expanded(changes or {}))
    for key in FILE_KEYS:
        values.pop(key, None)
    return validate(values)


def validate(values: dict[str, Any]) -> ExperimentSpec:
    """Return the experiment that plain data describes, or raise one sentence about the first mistake."""
    _refuse_unknown(values, ExperimentSpec, "")
    try:
        return ExperimentSpec.model_validate(_spell_length(values))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"] if isinstance(part, str)) or "spec"
        reason = first["msg"].removeprefix("Value error, ")
        shown = first.get("input")
        value = f"{shown!r}" if not isinstance(shown, dict | BaseModel) else None
        raise TombolaError(f"{field}{f' = {value}' if value is not None else ''}: {reason}") from None


def overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return `below` with `above` laid over it, part by part."""
    merged = dict(below)
    for name, value in above.items():
        if isinstance(value, str) and isinstance(merged.get(name), Mapping):
            merged[name] = value  # a shorthand such as `engine: dense` replaces the whole part
        elif isinstance(value, Mapping) and isinstance(merged.get(name), Mapping):
            merged[name] = overlay(_without_replaced(merged[name], value), value)
        else:
            merged[name] = value
    return merged


def _without_replaced(below: Mapping[str, Any], above: Mapping[str, Any]) -> Mapping[str, Any]:
    """Drop a length that a later one replaces under another spelling, and levels that densities or nothing replace."""
    spellings = {"length", "steps", "epochs"}
    replaced = spellings if spellings & above.keys() else set()
    if above.get("procedure") == DENSE_ONLY or above.get("densities") or above.get("rates"):
        replaced = replaced | {"levels", "densities", "rates"}
    return {k: v for k, v in below.items() if k not in replaced}


def _spell_length(values: dict[str, Any]) -> dict[str, Any]:
    """Turn ``train.steps`` and ``train.epochs`` into the one field ``train.length``."""
    train = values.get("train")
    if not isinstance(train, Mapping):
        return values
    given = [name for name in ("length", "steps", "epochs") if name in train]
    if len(given) > 1:
        raise TombolaError(f"train.{given[0]} and train.{given[1]} both set the length of training; give one of them")
    rest = {k: v for k, v in train.items() if k not in ("steps", "epochs")}
    for name, unit in (("steps", "st"), ("epochs", "ep")):
        if name in train:
            if not str(train[name]).isdigit() or int(train[name]) < 1:
                raise TombolaError(f"train.{name} = {train[name]!r}: a positive whole number is needed")
            rest["length"] = f"{train[name]}{unit}"
    return values | {"train": rest}


def _with_base(values: dict[str, Any]) -> dict[str, Any]:
    base = values.pop(BASE, None)
    return overlay(preset(base), expanded(values)) if base else values


def _mapping(text: str, source: str) -> dict[str, Any]:
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" at line {where.line + 1}" if where else ""
        raise TombolaError(f"{source} is not valid YAML{line}") from error
    if not isinstance(values, dict):
        raise TombolaError(f"{source} holds no experiment; it must be a YAML mapping of fields")
    return values


def _refuse_unknown(values: Mapping[str, Any], model: type[BaseModel], prefix: str) -> None:
    for name, value in values.items():
        extra = {"steps", "epochs"} if prefix == "train." else set()
        if name not in model.model_fields and name not in extra:
            raise TombolaError(f"unknown field '{prefix}{name}'{nearest(f'{prefix}{name}', field_names())}")
        part = _part(model, name)
        if part is not None and isinstance(value, Mapping):
            _refuse_unknown(value, part, f"{prefix}{name}.")


def field_names() -> list[str]:
    """Return the dotted names of all fields of an experiment, as flags spell them."""
    return [name for name, _, _ in walk_fields(ExperimentSpec)] + ["train.steps", "train.epochs"]


def walk_fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, Any, type[BaseModel]]]:
    """Yield (dotted name, pydantic field, model) of every leaf field, depth first, in order of definition."""
    for name, field in model.model_fields.items():
        part = _part(model, name)
        if part is None:
            yield f"{prefix}{name}", field, model
        else:
            yield from walk_fields(part, f"{prefix}{name}.")


def _part(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    field = model.model_fields.get(name)
    annotation = field.annotation if field else None
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
