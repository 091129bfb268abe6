"""Parsing with tyro, errors told in our own one sentence, and every field of a spec as a flag."""

import contextlib
import inspect
import io
import re
from collections.abc import Mapping, Sequence
from itertools import takewhile
from types import UnionType
from typing import Annotated, Any, Literal, TypedDict, TypeVar, Union, get_args, get_origin

import tyro
from pydantic.fields import FieldInfo

from tombola.cli.hints import told_once
from tombola.errors import TombolaError, nearest
from tombola.specs import ExperimentSpec
from tombola.specs.resolve import walk_fields

T = TypeVar("T")

HELP = ("-h", "--help")
LENGTHS = {"train.steps": "length of training in optimiser steps", "train.epochs": "length of training in epochs"}
METAVARS: dict[type, str] = {int: "N", float: "X", bool: "true|false"}
SHORTHANDS = {"--engine": "--engine.kind", "--levels": "--prune.levels"}


def parse(form: type[T], args: Sequence[str], prog: str, description: str, *, underscores: bool = False) -> T:
    """Read arguments into a form (a dataclass or typed dict); help prints and exits 0.

    Flags are understood with hyphens and with underscores; help writes them with hyphens, or with ``underscores``, as
    the fields of a spec are called.

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
                told_once(form) if asks_help else form,
                args=list(args),
                prog=prog,
                description=description,
                return_unknown_args=True,
                use_underscores=underscores,
                config=(tyro.conf.AvoidSubcommands,),
            )
    except SystemExit as stop:
        if not stop.code:
            raise
        misspelt = _after("Unrecognized options:", said.getvalue())
        told = _unknown(misspelt[0].strip(), form, prog, underscores) if misspelt else _sentence(said.getvalue(), prog)
        raise TombolaError(told) from None
    if unknown:
        raise TombolaError(_unknown(unknown[0], form, prog, underscores))
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


def _inner(box: str) -> list[str]:
    """Return the lines of tyro's box without its frame, which is of spaces where the terminal has no lines."""
    lines = [re.sub(r"^[│ ] | *│?$", "", line) for line in box.splitlines()[1:]]
    return [line for line in lines if line.strip(" ╭╮╰╯─+-")]


def _after(heading: str, box: str) -> list[str]:
    """Return the indented lines of tyro's box behind a heading."""
    inner = _inner(box)
    if not (start := next((i for i, line in enumerate(inner, 1) if line.startswith(heading)), 0)):
        return []
    return list(takewhile(lambda line: line.startswith("    "), inner[start:]))


def _sentence(box: str, prog: str) -> str:
    """Return what tyro says in its box as one sentence."""
    if missing := _after("Missing from", box):
        needed = " ".join(f"; {line.strip()}:" if line[4] != " " else line.strip() for line in missing)
        needed = needed.removeprefix("; ").replace(" ;", ";").replace(" (required)", "")
        return f"{prog.removeprefix('tombola ')} needs {needed} (see `{prog} --help`)"
    body = [line.strip() for line in _inner(box)]
    told = body[: next((i for i, line in enumerate(body) if line.startswith("For full helptext")), len(body))]
    text = " ".join(told).rstrip(".").replace(". Expected 1 values", "; give one")
    text = re.sub(r"\. Expected one of \((.*?)\)", lambda found: f"; choose from {_sorted(found[1])}", text)
    return f"{text} (see `{prog} --help`)"


def _sorted(choices: str) -> str:
    """Return tyro's choices, a set in any order, as they are typed; not given is none of them."""
    return ", ".join(sorted(name for name in re.findall(r"'(.*?)'", choices) if name != "None"))


def _unknown(argument: str, form: type, prog: str, underscores: bool) -> str:
    if not argument.startswith("-"):
        return f"unexpected argument '{argument}'; see `{prog} --help`"
    flag = argument.split("=")[0]
    spelt = [f"--{name if underscores else name.replace('_', '-')}" for name in _names(form)]
    said = flag.replace("-", "_").replace("__", "--", 1) if underscores else flag.replace("_", "-")
    suggestion = nearest(said, spelt)
    return f"unknown option '{flag}'{suggestion}; see `{prog} --help`"


def _names(form: type, prefix: str = "") -> list[str]:
    """Return every flag of a form, inherited ones too."""
    names = []
    for part in reversed(form.__mro__):
        for name, kind in inspect.get_annotations(part).items():
            inner = _names(kind, f"{prefix}{name}.") if isinstance(kind, type) else []
            names += inner or [f"{prefix}{name}"]
    return names
