"""``tombola bench train``: milliseconds per step and network of every engine, against density."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from tombola.cli.parse import parse
from tombola.errors import TombolaError

if TYPE_CHECKING:
    from tombola.specs import ExperimentSpec

PROG, ABOUT = "tombola bench train", "Milliseconds per step and network of every engine here, against density."
DENSITIES = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)


@dataclass
class Options:
    """Arguments of ``tombola bench train``."""

    preset: Annotated[str, tyro.conf.Positional, tyro.conf.arg(help="network and recipe", metavar="PRESET")] = (
        "lenet-mnist"
    )
    density: Annotated[tuple[float, ...], tyro.conf.arg(help="densities, every layer alike", metavar="D ...")] = (
        DENSITIES
    )
    levels: Annotated[
        tuple[int, ...], tyro.conf.arg(help="densities of these levels of the preset instead", metavar="L ...")
    ] = ()
    steps: Annotated[int | None, tyro.conf.arg(help="steps of a measurement [a quarter second]", metavar="N")] = None
    repeats: Annotated[int, tyro.conf.arg(help="measurements; medians count", metavar="N")] = 5
    cores: Annotated[int | None, tyro.conf.arg(help="networks at a time [as many as cores]", metavar="N")] = None
    bf16: Annotated[bool, tyro.conf.arg(help="time the dense engine in bf16, too")] = False
    json: Annotated[Path | None, tyro.conf.arg(help="write the figures to a file too", metavar="FILE")] = None
    svg: Annotated[Path | None, tyro.conf.arg(help="draw them, too", metavar="FILE")] = None


def main(args: list[str]) -> int:
    """Measure, print a table, write what was asked for."""
    options = parse(Options, args, PROG, ABOUT)
    for name in ("steps", "repeats", "cores"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise TombolaError(f"--{name} {value}: give a positive number")
    for density in options.density:
        if not 0 < density <= 1:
            raise TombolaError(f"--density {density:g}: give densities above 0, up to 1")
    from tombola.cli.bench_view import figure_svg, show_figures
    from tombola.cli.console import messages
    from tombola.experiments.workers import worker_count
    from tombola.specs import resolve
    from tombola.store.files import told_clearly, write_json, write_text
    from tombola.training.cost.figures import measure_figures
    from tombola.training.cost.race import Contest

    spec = resolve(options.preset)
    shape, classes = input_of(spec)
    contest = Contest(spec.network, spec.train, shape, classes)
    figures = measure_figures(
        options.preset,
        contest,
        remaining(spec, contest.shape, classes, options),
        cores=worker_count(options.cores, options.cores or 1 << 10, 1),
        repeats=options.repeats,
        steps=options.steps,
        half=options.bf16,
        tell=lambda line: messages().print(line),
    )
    show_figures(figures)
    if options.json is not None:
        with told_clearly(options.json):
            write_json(options.json, figures.as_json())
    if options.svg is not None:
        with told_clearly(options.svg):
            write_text(options.svg, figure_svg(figures))
    return 0


def input_of(spec: "ExperimentSpec") -> tuple[tuple[int, int, int], int]:
    """Return the shape of an image and the number of classes; images themselves are not needed."""
    from tombola.data import describe, list_sets

    known = next((item for item in list_sets(None) if item.name == spec.data.name), None)
    if known is not None and known.shape is not None and known.classes:
        channels, height, width = known.shape
        return (channels, height, width), int(known.classes)
    info = describe(spec.data)
    return info.shape, len(info.classes)


def remaining(
    spec: "ExperimentSpec", shape: tuple[int, int, int], classes: int, options: Options
) -> list[dict[str, int]]:
    """Return remaining weights by layer for every density or level that was asked for."""
    from tombola.networks import build, prunable_layers
    from tombola.pruning import planned_remaining

    layers = prunable_layers(build(spec.network, shape, classes, device="meta"), spec.network.prunable)
    if not options.levels:
        return [{layer.name: max(1, round(layer.size * density)) for layer in layers} for density in options.density]
    if min(options.levels) < 0:
        raise TombolaError(f"--levels {min(options.levels)}: levels count from 0")
    plans = planned_remaining(layers, spec.with_(prune={"levels": max(options.levels)}).prune)
    chosen = [plans[level] for level in options.levels]
    whole = sum(layer.size for layer in layers)
    return [
        plan.remaining or {layer.name: round(layer.size * plan.total / whole) for layer in layers} for plan in chosen
    ]
