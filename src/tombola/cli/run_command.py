"""``tombola run``: run an experiment from a preset, a spec file and flags."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import tyro

from tombola.cli.old_spec_file import converted
from tombola.cli.parse import expand_shorthands, parse, spec_flags
from tombola.errors import TombolaError
from tombola.specs import ExperimentSpec, resolve
from tombola.specs.resolve import overlay, preset_names

OUT = "runs"

VERBOSE = re.compile(r"-v+|--verbose")


def option(text: str, metavar: str, *aliases: str) -> Any:
    """Return a text option with its help."""
    return Annotated[str, tyro.conf.arg(help=text, metavar=metavar, aliases=list(aliases), help_behavior_hint="")]


def flag(text: str) -> Any:
    """Return a switch with its help."""
    return Annotated[bool, tyro.conf.arg(help=text, help_behavior_hint="")]


OPTIONS: Mapping[str, Any] = {
    "out": option(f"folder that run folders lie in [{OUT}]", "DIR"),
    "spec": option("YAML file of fields laid over the preset", "FILE"),
    "workers": option("jobs at a time; auto takes as many as there are cores [auto]", "N|auto"),
    "dry_run": flag("say what would happen and stop: jobs, remaining weights, time, disk, the resolved spec"),
    "track": Annotated[
        tuple[str, ...],
        tyro.conf.arg(help="show jobs in tensorboard, wandb or both too", metavar="NAME", help_behavior_hint=""),
    ],
    "quiet": flag("no progress"),
    "verbose": flag("say more: a line for every record; -vv prints the network first (also -v)"),
}


def main(args: list[str]) -> int:
    """Run or preview an experiment; the last line of standard output is the run folder."""
    args, verbosity = without_verbosity(gathered(args, "--track"))
    name = args.pop(0) if args and not args[0].startswith("-") else None
    base = resolve(name) if name else ExperimentSpec()
    about = f"Run {f'preset {name}' if name else 'an experiment'}. [Values in brackets] hold unless given."
    presets = "" if name else f" Presets: {', '.join(preset_names())}."
    form, prog = spec_flags(OPTIONS, base), f"tombola run {name or '[PRESET]'}"
    values: dict[str, Any] = dict(parse(form, expand_shorthands(args), prog, about + presets, underscores=True))
    given = {key: values.pop(key) for key in OPTIONS if key in values}
    if name is None and "spec" not in given:
        raise TombolaError(f"nothing to run: name a preset ({', '.join(preset_names())}) or give --spec FILE")
    if not given.get("track", ("",)):
        raise TombolaError("--track: name tensorboard, wandb or both")
    file, old = converted(Path(given["spec"]) if "spec" in given else None)
    spec = resolve(name, file, overlay(old, {key: value for key, value in values.items() if value != {}}))
    out, workers = Path(given.get("out", OUT)), worker_number(given.get("workers", "auto"))
    if given.get("dry_run"):
        from tombola.cli.preview_view import show_preview

        return show_preview(spec, out, workers)
    from tombola.cli.running import run_and_tell

    quiet, track = bool(given.get("quiet")), given.get("track", ())
    return run_and_tell(spec, out, workers, quiet=quiet, track=track, verbosity=verbosity)


def without_verbosity(arguments: Iterable[str]) -> tuple[list[str], int]:
    """Return the arguments without ``-v``, ``-vv``, ``--verbose``, and how many v's there were.

    Examples
    --------
    >>> without_verbosity(["lenet-digits", "-vv", "--verbose"])
    (['lenet-digits'], 3)
    """
    rest, count = [], 0
    for argument in arguments:
        if VERBOSE.fullmatch(argument):
            count += 1 if argument.startswith("--") else len(argument) - 1
        else:
            rest.append(argument)
    return rest, count


def gathered(args: list[str], name: str) -> list[str]:
    """Return arguments in which an option that was repeated is given once, with all its values.

    Examples
    --------
    >>> gathered(["lenet", "--track", "a", "--quiet", "--track=b"], "--track")
    ['lenet', '--quiet', '--track', 'a', 'b']
    """
    rest: list[str] = []
    values: list[str] = []
    inside = False
    for arg in args:
        if arg == name or arg.startswith(f"{name}="):
            inside = arg == name
            values += [] if inside else [arg.partition("=")[2]]
        elif inside and not arg.startswith("-"):
            values.append(arg)
        else:
            inside = False
            rest.append(arg)
    return [*rest, name, *values] if len(rest) < len(args) else rest


def worker_number(text: str) -> int | None:
    """Return the number of workers that was asked for; None is as many as there are cores."""
    if text == "auto":
        return None
    if not text.isdigit() or int(text) < 1:
        raise TombolaError(f"--workers {text}: give a positive number, or auto")
    return int(text)
