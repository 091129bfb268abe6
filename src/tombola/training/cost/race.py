"""Engines against each other: milliseconds per step and network, with every core at work on a network of its own."""

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from statistics import mean, median
from time import perf_counter, thread_time
from typing import NamedTuple

import torch
from torch import nn

from tombola.networks import build, initialise, prunable_layers
from tombola.pruning import Mask
from tombola.specs import NetworkSpec, TrainSpec
from tombola.training.cost.dense_rates import random_data
from tombola.training.cost.peak import measure_peak
from tombola.training.cost.plain import PlainLoop
from tombola.training.course import plan_course
from tombola.training.dense import DenseLearner
from tombola.training.engine import Task
from tombola.training.interrupts import interrupts_held
from tombola.training.learner import Learner
from tombola.training.memory import memory_kept
from tombola.training.placement import has_convolutions

ENGINES = ("dense", "sparse")
"""Engines that train one network on one thread."""

HALF = "dense bf16"
"""The dense engine in half precision, a contender where it is asked for."""

SAMPLES = 1200
SECONDS = 0.25
"""Length of one measurement, where a step is not longer."""


@dataclass(frozen=True)
class Contest:
    """A network and how it is trained, on images without meaning."""

    network: NetworkSpec
    train: TrainSpec
    shape: tuple[int, int, int]
    classes: int

    def module(self) -> nn.Module:
        """Return the network, freshly initialised."""
        module = build(self.network, self.shape, self.classes)
        initialise(module, self.network, torch.Generator().manual_seed(0))
        return module

    def recipe(self, engine: str = "dense") -> TrainSpec:
        """Return the training recipe, long enough for any measurement."""
        changes = {"length": "10000000st", "record_every": "1000st"} | ({"precision": "bf16"} if engine == HALF else {})
        return TrainSpec(**self.train.model_dump() | changes)

    def mask(self, remaining: Mapping[str, int]) -> Mask:
        """Return a random mask that keeps so many weights of every layer."""
        generator, parts = torch.Generator().manual_seed(1), {}
        module = build(self.network, self.shape, self.classes, device="meta")
        for layer in prunable_layers(module, self.network.prunable):
            keep = torch.zeros(layer.size, dtype=torch.bool)
            keep[torch.randperm(layer.size, generator=generator)[: remaining[layer.name]]] = True
            parts[layer.name] = keep.view(layer.shape)
        return Mask(parts)


class Times(NamedTuple):
    """Seconds of a worker: on the wall, and of its own thread."""

    wall: float
    thread: float


class Laps(NamedTuple):
    """Milliseconds per step and network by engine: on the wall, and of threads (what others do does not count)."""

    wall: dict[str, list[float]]
    thread: dict[str, list[float]]


class Track:
    """Worker processes, one for each core, that do the same at the same time."""

    def __init__(self, contest: Contest, cores: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.lanes: list[Connection] = []
        self.processes = []
        for _ in range(cores):
            mine, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, contest), daemon=True)
            with interrupts_held():
                process.start()
            theirs.close()
            self.lanes.append(mine)
            self.processes.append(process)

    def ask(self, *command: object) -> list[Times]:
        """Let every worker do the same, and return what each of them measured."""
        for lane in self.lanes:
            lane.send(command)
        return [Times(*lane.recv()) for lane in self.lanes]

    def laps(self, engines: Sequence[str], remaining: Mapping[str, int], repeats: int, steps: int | None) -> Laps:
        """Return milliseconds per step and network, so often, of every engine; they take turns."""
        counts, laps = {}, Laps({}, {})
        self.ask("forget")
        for engine in engines:
            once = mean(time.wall for time in self.ask("prepare", engine, dict(remaining)))
            counts[engine] = steps or max(1, min(2000, int(SECONDS / once)))
        for _ in range(repeats):
            for engine, count in counts.items():
                times = self.ask("time", engine, count)
                share = 1e3 / len(self.lanes) / count
                laps.wall.setdefault(engine, []).append(mean(time.wall for time in times) * share)
                laps.thread.setdefault(engine, []).append(mean(time.thread for time in times) * share)
        return laps

    def peak(self) -> float:
        """Return the operations per second of one core while all are busy."""
        return mean(times.wall for times in self.ask("peak"))


@contextmanager
def track(contest: Contest, cores: int) -> Iterator[Track]:
    """Give workers that wait for commands, and end them."""
    opened = Track(contest, cores)
    try:
        yield opened
    finally:
        for lane, process in zip(opened.lanes, opened.processes, strict=True):
            lane.close()
            process.join(5)
            if process.is_alive():
                process.terminate()


def plain_milliseconds(contest: Contest, threads: int, repeats: int, steps: int | None) -> float:
    """Return milliseconds per step of the baseline: one plain eager loop on all cores, no masks."""
    loop = PlainLoop(contest.module(), random_data(contest.shape, SAMPLES, contest.classes), contest.recipe(), threads)
    loop.seconds(1)
    count = steps or max(1, min(1000, int(SECONDS / max(loop.seconds(1), 1e-5))))
    return median(loop.seconds(count) / count for _ in range(repeats)) * 1e3


def _serve(connection: Connection, contest: Contest) -> None:
    torch.set_num_threads(1)
    with memory_kept():  # as engines do
        _obey(connection, contest)


def _obey(connection: Connection, contest: Contest) -> None:
    learners: dict[str, Learner] = {}
    while True:
        try:
            what, *rest = connection.recv()
        except EOFError:
            return
        if what == "peak":
            connection.send((measure_peak(), 0.0))
        elif what == "forget":
            learners.clear()
            connection.send((0.0, 0.0))
        else:
            engine = rest[0]
            if what == "prepare":
                learners[engine] = _learner(engine, contest, rest[1])
                learners[engine].advance(0, 1)
            connection.send(_seconds(learners[engine], rest[1] if what == "time" else 1))


def _learner(engine: str, contest: Contest, remaining: Mapping[str, int]) -> Learner:
    module, data, recipe = (
        contest.module(),
        random_data(contest.shape, SAMPLES, contest.classes),
        contest.recipe(engine),
    )
    task = Task(module, contest.mask(remaining))
    course = plan_course(task, data, recipe)
    if has_convolutions(module):
        module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if engine != "sparse":
        return DenseLearner(task, course, data, recipe, torch.device("cpu"))
    from tombola.training.sparse.choice import make_learner
    from tombola.training.sparse.layers import read_layers

    return make_learner(task, course, data, recipe, read_layers(module, contest.shape))


def _seconds(learner: Learner, steps: int) -> Times:
    wall, thread = perf_counter(), thread_time()
    learner.advance(0, steps)
    return Times(perf_counter() - wall, thread_time() - thread)
