"""``tombola plot``: draw one kind of picture of one run or several."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from tombola.cli.parse import parse
from tombola.errors import TombolaError

KINDS: Mapping[str, str] = {
    "curves": "Learning curves per level, controls overlaid; a panel per run and measure.",
    "densities": "Density per layer and level as a heat map.",
    "emerging": "A ticket emerging: the first layer (or --layer) level by level; as .gif or .webp an animation.",
    "final-accuracy": "Accuracy (or a loss) after the last step against density, runs and controls overlaid.",
    "histograms": "Histograms of the surviving weights, a panel per layer, an outline per level.",
    "kernels": "Kernels of a convolution (the first, or --layer), a picture per kernel and channel, pruned ones black.",
    "losses": "Training against validation loss and the early stop between them, a panel per level.",
    "matrices": "Weight matrices of the linear layers (or one --layer), output layer included, pruned weights black.",
    "saw-tooth": "Iterative pruning as it went: a measure over all trainings of the ticket in a row, a panel per run.",
    "score-statistics": "Scores by layer: their mean, their share of all scores and their spread, a colour per level.",
    "scores": "Histograms of the scores that a level's mask was made by, a panel per layer, kept and removed weights.",
    "stop-accuracy": "Accuracy (or a loss) at early stop against density, runs and controls overlaid.",
    "stop-step": "Early-stop step against density, runs and controls overlaid.",
    "structure": "Density, weights on paths, active units and survivors per unit over the layers, a colour per level.",
    "training": "Tickets, controls and dense parents over training with 95 % intervals, a panel per data set.",
}
"""Built-in kinds with the first line of each one's docstring, told without loading matplotlib (a test compares)."""

DESCRIPTION = "Draw one kind of picture of one run or several.\n\nKinds:\n" + "\n".join(
    f"- {name}: {text}" for name, text in KINDS.items()
)
PLOTS = "plots"
DEFAULT_FORMAT = "svg"
EVERY = "every:"


def option(text: str, metavar: str, *aliases: str) -> Any:
    """Return the description of an option."""
    return tyro.conf.arg(help=text, metavar=metavar, aliases=list(aliases), help_behavior_hint="")


@dataclass
class Options:
    """Arguments of ``tombola plot``."""

    what: Annotated[tuple[str, ...], tyro.conf.Positional, option("run folders, then the kind", "RUN [RUN ...] KIND")]
    output: Annotated[Path | None, option(f"the file [RUN/{PLOTS}/KIND.{DEFAULT_FORMAT}]", "FILE", "-o", "--out")] = (
        None
    )
    format: Annotated[str | None, option("png, svg or pdf [as the file's suffix says]", "FORMAT")] = None
    levels: Annotated[
        tuple[str, ...], option("levels: 0 2 4, a range 2-6, every:2 [all; for weights the last]", "LEVEL", "--level")
    ] = ()
    measure: Annotated[
        tuple[str, ...], option("train_loss, val_loss, val_accuracy or test_accuracy; `curves` takes several", "NAME")
    ] = ()
    control: Annotated[
        tuple[str, ...], option("controls to overlay, or whose weights to draw; none for no control [all]", "NAME")
    ] = ()
    first: Annotated[int | None, option("only the first so many records", "N")] = None
    spread: Annotated[
        Literal["minmax", "interval", "none"] | None,
        option("error bars: lowest to highest replicate, 95 % interval, none [minmax]", "minmax|interval|none"),
    ] = None
    force_zero: Annotated[
        Literal["true", "false"] | None, option("begin the y axis at 0 [for losses]", "true|false")
    ] = None
    replicate: Annotated[int | None, option("whose weights [0]", "N")] = None
    repetition: Annotated[int | None, option("of a control [0]", "N")] = None
    state: Annotated[str | None, option("initial, trained or early_stop [trained]", "NAME")] = None
    layer: Annotated[str | None, option("one layer, by its name: conv.0, linear.0, output", "NAME")] = None
    columns: Annotated[int | None, option("pictures per row, for `kernels` [8]", "N")] = None
    dpi: Annotated[int | None, option("of PNG, and of pictures inside SVG and PDF [150]", "N")] = None
    plugins: Annotated[tuple[str, ...], option("modules that register your own kinds", "MODULE")] = ()


def main(args: list[str]) -> int:
    """Draw a figure, write it, and print where it is."""
    options = parse(Options, args, "tombola plot", DESCRIPTION)
    *folders, kind = options.what or ("",)
    from tombola.plots.kinds import animations, make_figure, make_frames, plot_kinds
    from tombola.specs.plugins import load_plugins
    from tombola.store import open_run

    load_plugins(options.plugins)
    if kind not in plot_kinds:
        meant = get_close_matches(kind, list(plot_kinds), n=1) if folders else []
        what = f"unknown plot kind '{kind}'" if folders else "nothing to draw: give RUN and KIND"
        what += f" (did you mean '{meant[0]}'?)" if meant else ""
        raise TombolaError(f"{what}; kinds are {', '.join(plot_kinds)}")
    if not folders:
        raise TombolaError(f"no run to draw: give RUN before {kind}")
    from tombola.plots.animation import ANIMATED, encode_animation
    from tombola.plots.saving import DPI, STILL, encode_figure, format_of
    from tombola.store.files import write_bytes

    known = (*STILL, *(ANIMATED if kind in animations else ()))
    form = (
        format_of(options.output, options.format, known)
        if options.output is not None
        else format_of(Path(), options.format or DEFAULT_FORMAT, known)
    )
    runs = [open_run(Path(folder)) for folder in folders]
    draw = animations[kind] if form in ANIMATED else plot_kinds[kind]
    depth = max(run.spec.prune.levels for run in runs)
    values = keywords(options, kind, draw, depth)
    target = options.output or runs[0].path / PLOTS / default_name(kind, values, form, len(runs))
    dpi = DPI if options.dpi is None else options.dpi
    if not 10 <= dpi <= 1200:
        raise TombolaError(f"--dpi {dpi}: choose from 10 to 1200")
    if form in ANIMATED:
        write_bytes(target, encode_animation(make_frames(kind, runs, **values), form))
    else:
        write_bytes(target, encode_figure(make_figure(kind, runs, **values), form, dpi=dpi))
    print(target)
    return 0


def keywords(options: Options, kind: str, draw: Callable[..., Any], depth: int) -> dict[str, Any]:
    """Return what was asked for as keyword arguments of a kind; what was not given is left to the kind.

    Raises
    ------
    TombolaError
        If the kind has no use for an option, or takes one value of it and several are given.
    """
    from tombola.plots.kinds.registry import options_of, takes_several

    known = options_of(draw)
    values: dict[str, Any] = {}
    single = {"levels": "level", "control": "control", "measure": "measure"}
    several = {"levels": "levels", "control": "controls", "measure": "measure"}
    for flag in ("levels", "measure", "control"):
        given: Sequence[Any] = getattr(options, flag)
        if not given:
            continue
        if flag == "levels":
            given = level_numbers(given, depth)
        many = several[flag] in known and (flag != "measure" or takes_several(draw, flag))
        if many:
            values[several[flag]] = tuple(given) if tuple(given) != ("none",) else ()
        elif single[flag] in known:
            if len(given) > 1:
                raise TombolaError(
                    f"plot kind '{kind}' draws one {single[flag]} at a time; --{flag} names {len(given)}"
                )
            values[single[flag]] = given[0]
        else:
            raise _useless(kind, flag, known)
    for flag in ("first", "spread", "force_zero", "replicate", "repetition", "state", "layer", "columns"):
        value = getattr(options, flag)
        if value is not None:
            if flag not in known:
                raise _useless(kind, flag, known)
            values[flag] = {"none": None, "true": True, "false": False}.get(value, value)
    return values


def level_numbers(texts: Sequence[str], depth: int) -> list[int]:
    """Return the levels that numbers, ranges and every:N name, ascending.

    Examples
    --------
    >>> level_numbers(["0", "4-6"], 9), level_numbers(["every:3"], 9)
    ([0, 4, 5, 6], [0, 3, 6, 9])
    """
    found: set[int] = set()
    for text in (part for item in texts for part in item.split(",") if part):
        step = text.removeprefix(EVERY)
        if re.fullmatch(r"\d+", text):
            found.add(int(text))
        elif re.fullmatch(r"\d+-\d+", text):
            low, high = map(int, text.split("-"))
            found |= set(range(low, high + 1))
        elif text.startswith(EVERY) and re.fullmatch(r"[1-9]\d*", step):
            found |= set(range(0, depth + 1, int(step)))
        else:
            raise TombolaError(f"--levels {text}: give numbers (0 2 4), a range (2-6) or every:N (every:2)")
    return sorted(found)


def default_name(kind: str, values: Mapping[str, Any], form: str, runs: int) -> str:
    """Return a file name that says what is in it.

    Examples
    --------
    >>> default_name("kernels", {"level": 3, "state": "initial"}, "svg", 1)
    'kernels-level-3-initial.svg'
    """
    parts = [kind, *([f"{runs}-runs"] if runs > 1 else [])]
    for name, value in values.items():
        texts = [str(item) for item in value] if isinstance(value, tuple) else [str(value)]
        plain = name in ("measure", "state", "layer", "control", "controls", "spread")
        parts.append("-".join([*([] if plain and texts else [name.replace("_", "-")]), *texts]))
    return re.sub(r"[^A-Za-z0-9._-]+", "_", "-".join(part for part in parts if part)) + f".{form}"


def _useless(kind: str, flag: str, known: Sequence[str]) -> TombolaError:
    flags = sorted({{"level": "levels", "controls": "control"}.get(name, name) for name in known})
    return TombolaError(
        f"plot kind '{kind}' has no use for --{flag}; it takes {', '.join(f'--{name}' for name in flags)}"
    )
