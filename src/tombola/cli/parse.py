"""Parsing with tyro, errors told in our own one sentence, and every field of a spec as a flag."""

import contextlib
import inspect
import io
import re
from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, TypedDict, TypeVar, Union, get_args, get_origin

import tyro
from pydantic.fields import FieldInfo

from tombola.errors import TombolaError, nearest
from tombola.specs import ExperimentSpec
from tombola.specs.resolve import walk_fields

T = TypeVar("T")

HELP = ("-h", "--help")
LENGTHS = {"train.steps": "length of training in optimiser steps", "train.epochs": "length of training in epochs"}
METAVARS: dict[type, str] = {int: "N", float: "X", bool: "true|false"}
SHORTHANDS = {"--engine": "--engine.kind", "--levels": "--prune.levels"}


def parse(form: type[T], args: Sequence[str], prog: str, description: str) -> T:
    """Read arguments into a form (a dataclass or typed dict); help prints and exits 0.

    Raises
    ------
    TombolaError
        One sentence about the first argument that does not fit.
    """
    said = io.StringIO()
    asks_help = any(arg in HELP for arg in args)
    try:
        with contextlib.nullcontext() if asks_help else contextlib.redirect_stderr(said):
            result, unknown = tyro.cli(
                form,
                args=list(args),
                prog=prog,
                description=description,
                return_unknown_args=True,
                use_underscores=True,
                config=(tyro.conf.AvoidSubcommands,),
            )
    except SystemExit as stop:
        if not stop.code:
            raise
        raise TombolaError(_sentence(said.getvalue(), prog)) from None
    if unknown:
        raise TombolaError(_unknown(unknown[0], form, prog))
    return result


def spec_flags(extra: Mapping[str, Any], defaults: ExperimentSpec) -> type:
    """Return a form with every field of an experiment as an optional flag, and some more.

    Only flags that are given appear in the result, as nested text: it overlays a preset as plain data, and the spec's
    own models validate it once.
    """
    tree: dict[str, Any] = dict(extra)
    resolved = defaults.resolved()
    for name, field, _ in walk_fields(ExperimentSpec):
        value: Any = resolved
        for part in name.split("."):
            value = value[part]
        _plant(tree, name, _flag(field, value))
    for name, text in LENGTHS.items():
        _plant(tree, name, Annotated[str, tyro.conf.arg(help=text, metavar="N")])
    return _form("flags", tree)


def expand_shorthands(args: Sequence[str]) -> list[str]:
    """Write the two flags that everybody abbreviates in full."""
    return [SHORTHANDS.get(arg, arg) for arg in args]


def _flag(field: FieldInfo, default: Any) -> Any:
    many = isinstance(default, list)
    shown = " ".join(map(str, default)) if many else default
    text = f"{field.description or ''} [{'none' if default is None else shown if shown != '' else '-'}]"
    metavar = "|".join(_choices(field.annotation)) or ("ITEM" if many else METAVARS.get(type(default), "TEXT"))
    return Annotated[tuple[str, ...] if many else str, tyro.conf.arg(help=text, help_behavior_hint="", metavar=metavar)]


def _choices(annotation: Any) -> list[str]:
    """Return the values of a field of named choices, else nothing."""
    if get_origin(annotation) is Literal:
        return [str(value) for value in get_args(annotation)]
    return (
        [choice for part in get_args(annotation) for choice in _choices(part)]
        if get_origin(annotation) in (Union, UnionType)
        else []
    )


def _plant(tree: dict[str, Any], name: str, flag: Any) -> None:
    *parts, leaf = name.split(".")
    for part in parts:
        tree = tree.setdefault(part, {})
    tree[leaf] = flag


def _form(name: str, tree: Mapping[str, Any]) -> type:
    fields = {key: _form(key, value) if isinstance(value, dict) else value for key, value in tree.items()}
    return TypedDict(name, fields, total=False)  # type: ignore[operator, no-any-return]


def _sentence(box: str, prog: str) -> str:
    """Return what tyro says in its box as one sentence."""
    lines = [re.sub(r"[╭╮╰╯│─]+", " ", line).strip() for line in box.splitlines()]
    body = [line for line in lines[1:] if line]
    told = body[: next((i for i, line in enumerate(body) if line.startswith("For full helptext")), len(body))]
    return f"{' '.join(told).rstrip('.')} (see `{prog} --help`)"


def _unknown(argument: str, form: type, prog: str) -> str:
    if not argument.startswith("-"):
        return f"unexpected argument '{argument}'; see `{prog} --help`"
    flag = argument.split("=")[0]
    suggestion = nearest(flag.replace("-", "_").replace("__", "--", 1), _names(form))
    return f"unknown option '{flag}'{suggestion}; see `{prog} --help`"


def _names(form: type, prefix: str = "--") -> list[str]:
    """Return every flag of a form, inherited ones too."""
    names = []
    for part in reversed(form.__mro__):
        for name, kind in inspect.get_annotations(part).items():
            inner = _names(kind, f"{prefix}{name}.") if isinstance(kind, type) else []
            names += inner or [f"{prefix}{name}"]
    return names
