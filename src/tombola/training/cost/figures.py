"""A table of engines against density: measured by `race.py`, with the baseline and the dense floor."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

import torch

from tombola.networks import build, layer_graph, prunable_layers
from tombola.training.cost.book import cost_model, processor
from tombola.training.cost.race import ENGINES, HALF, Contest, plain_milliseconds, track
from tombola.training.cost.work import step_flops
from tombola.training.engine import engines

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Cell:
    """An engine at a density.

    Attributes
    ----------
    engine
        Its name.
    density
        Overall.
    milliseconds
        Per step and network, all cores busy, median.
    thread
        The same of the threads' own time: what it would be if nobody else used the machine.
    predicted
        By the cost model for one core, divided by the number of cores; None where it was not asked.
    """

    engine: str
    density: float
    milliseconds: float
    thread: float
    predicted: float | None


@dataclass(frozen=True)
class Figures:
    """What was measured.

    Attributes
    ----------
    name
        Of the network.
    plain
        Milliseconds per step of the baseline, one plain eager loop on all cores.
    floor
        Milliseconds per step and network in which all products of a dense step fit at the measured peak.
    peak
        GFLOP/s of one core while all are busy: the best matrix product or convolution.
    cells
        Engines and densities.
    missing
        Reason by engine that was not measured.
    batch, cores, repeats, machine, load, torch
        Circumstances; `load` is what others kept busy when it began (load average of a minute).
    """

    name: str
    plain: float
    floor: float
    peak: float
    cells: tuple[Cell, ...]
    batch: int
    cores: int
    repeats: int
    machine: str
    load: float
    torch: str
    missing: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return asdict(self)


def measure_figures(
    name: str,
    contest: Contest,
    levels: Sequence[Mapping[str, int]],
    *,
    cores: int,
    repeats: int,
    steps: int | None = None,
    half: bool = False,
    tell: Tell = lambda line: None,
) -> Figures:
    """Time the engines of a CPU on networks that keep so many weights of each layer.

    Parameters
    ----------
    name, contest
        The network.
    levels
        Remaining weights by layer, one entry for each density; dense first.
    cores
        Networks at a time.
    repeats
        Measurements that medians are taken of.
    steps
        Steps of a measurement; None takes a quarter of a second.
    half
        Whether to time the dense engine in bf16 too.
    tell
        Called with a line about what is measured next.
    """
    module = build(contest.network, contest.shape, contest.classes, device="meta")
    layers = prunable_layers(module, contest.network.prunable)
    sizes = {layer.name: layer.size for layer in layers}
    missing = {engine: reason for engine in engines if (reason := _unavailable(engine, contest, module))}
    named = [engine for engine in ENGINES if engine not in missing] + [HALF] * half
    graph = None if "sparse" in missing else layer_graph(module, contest.shape)
    model = None if graph is None else cost_model()
    cells, load = [], os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    with track(contest, cores) as workers:
        tell(f"{name}: peak of this machine")
        peak = workers.peak()
        before = plain_milliseconds(contest, cores, repeats, steps)
        for remaining in levels:
            density = sum(remaining.values()) / sum(sizes.values())
            share = {layer: remaining[layer] / size for layer, size in sizes.items()}
            tell(f"{name}: density {density:.4f}")
            laps = workers.laps(named, remaining, repeats, steps)
            predicted = model.predict(graph, share, contest.train.batch_size) if model and graph else {}
            for engine in named:
                guess = predicted[engine].step / cores if engine in predicted else None
                wall, thread = median(laps.wall[engine]), median(laps.thread[engine])
                cells.append(Cell(engine, density, wall, thread, guess))
        after = plain_milliseconds(contest, cores, repeats, steps)
    flops = step_flops(graph, contest.train.batch_size) if graph is not None else float("nan")
    return Figures(
        name=name,
        plain=(before + after) / 2,
        floor=flops / (peak * cores) * 1e3,
        peak=peak / 1e9,
        cells=tuple(cells),
        batch=contest.train.batch_size,
        cores=cores,
        repeats=repeats,
        machine=processor(),
        load=load,
        torch=str(torch.__version__),
        missing=missing,
    )


def _unavailable(engine: str, contest: Contest, module: torch.nn.Module) -> str | None:
    if engine not in ENGINES:
        return "it is timed on a GPU (benchmarks/gpu.py)" if engine == "stacked" else "it is not timed here"
    return engines[engine].supports(module, contest.train, contest.shape)
