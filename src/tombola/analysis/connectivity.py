"""Linear mode connectivity (Frankle et al. 2020): whether copies trained in different orders end in one basin."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import nn

from tombola.data.batches import Chunks, Prepare
from tombola.data.dataset import Dataset, Part
from tombola.errors import TombolaError
from tombola.networks.state import State, restore
from tombola.specs.experiment import OTHER_ORDER
from tombola.store import JobId, Run
from tombola.store.folder import TICKET
from tombola.training.evaluate import Evaluator
from tombola.training.placement import compute_dtype, find_device, has_convolutions, modes_kept, placed

POINTS = 30
STABLE = 0.02
"""Instability below which a network counts as stable (Frankle et al. 2020, section 3)."""

NORM_SAMPLES, NORM_BATCH = 10_000, 250
"""Training images that statistics of batch normalisation are estimated from, and how many at a time."""

PartName = Literal["train", "validation", "test"]

Statistics = Literal["estimated", "interpolated"]
"""Of batch normalisation between two networks: estimated anew from training images, or interpolated as weights are."""


@dataclass(frozen=True)
class Line:
    """The error along the line between two copies.

    Attributes
    ----------
    replicate, level, density
        Which ticket the copies are of.
    pair
        The two data orders: 0 is the run's own, n the repetition n - 1 of ``other-order``.
    error
        Share of images classified wrongly, from the first copy to the second in equal steps, ends included.
    loss
        Mean cross-entropy at the same points.
    """

    replicate: int
    level: int
    density: float
    pair: tuple[int, int]
    error: Float[NDArray[np.float64], " points"]
    loss: Float[NDArray[np.float64], " points"]

    @property
    def instability(self) -> float:
        """Largest error on the line less the mean error of its ends, in [-1, 1]."""
        return float(self.error.max() - (self.error[0] + self.error[-1]) / 2)

    @property
    def stable(self) -> bool:
        """Whether the copies are linearly connected: instability below 2 %."""
        return self.instability < STABLE


@dataclass(frozen=True)
class Pair:
    """Two finished copies of one ticket."""

    replicate: int
    level: int
    orders: tuple[int, int]
    jobs: tuple[JobId, JobId]


def pairs(run: Run, levels: Sequence[int] = (), replicates: Sequence[int] = ()) -> list[Pair]:
    """Return every pair of finished copies of every ticket, by level and replicate (all of them unless given)."""
    found = []
    for level in levels or range(run.spec.prune.levels + 1):
        for replicate in replicates or range(run.spec.replicates):
            copies = [JobId(replicate, level, TICKET, 0)]
            copies += [
                JobId(replicate, level, OTHER_ORDER, r)
                for r in range(run.spec.control_repetitions().get(OTHER_ORDER, 0))
            ]
            for one, two in combinations(range(len(copies)), 2):
                jobs = copies[one], copies[two]
                if all(job in run.jobs and run.jobs[job].status == "done" for job in jobs):
                    found.append(Pair(replicate, level, (one, two), jobs))
    return found


def line_between(
    run: Run, pair: Pair, data: Dataset, *, part: PartName = "test", points: int = POINTS, statistics: Statistics
) -> Line:
    """Return the error along the line between two trained copies.

    Raises
    ------
    TombolaError
        If a trained state was not kept, there are fewer than two points, or the part is empty.
    """
    if points < 2:
        raise TombolaError(f"points = {points}: a line has two ends; give 2 or more")
    one, two = (run.ticket(*job) for job in pair.jobs)
    module, device = one.module("trained"), find_device("auto")
    samples: Part = getattr(data, part)
    if not len(samples):
        raise TombolaError(f"part = '{part}' of {data.name} is empty; choose another")
    convolutions = has_convolutions(module)
    prepare = Prepare(data.normalisation, device, compute_dtype(module), channels_last=convolutions)
    errors, losses = [], []
    with placed(module, device, convolutions), modes_kept(module):
        evaluator = Evaluator(data, samples, prepare, device, convolutions=convolutions)
        for state in between(one.trained, two.trained, points):
            restore(module, state)
            if statistics == "estimated":
                estimate_statistics(module, data.train, prepare, device)
            result = evaluator(module)
            errors.append(1 - result.accuracy)
            losses.append(result.loss)
    density = run.jobs[pair.jobs[0]].density
    return Line(pair.replicate, pair.level, density, pair.orders, np.array(errors), np.array(losses))


def between(one: State, two: State, points: int) -> Iterator[State]:
    """Yield states from one to two in equal steps; the ends are exactly those, counters are the first's."""
    for number in range(points):
        share = number / (points - 1)
        yield (
            {
                name: torch.lerp(value, two[name], share) if value.is_floating_point() else value.clone()
                for name, value in one.items()
            }
            if 0 < share < 1
            else {name: value.clone() for name, value in (one if share == 0 else two).items()}
        )


def estimate_statistics(module: nn.Module, train: Part, prepare: Prepare, device: torch.device) -> None:
    """Give every batch normalisation the mean and variance of its input over training images, in place.

    The average over batches of the first 10,000 images; nothing else is in training mode.
    """
    norms = [part for part in module.modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    module.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain average over batches
        norm.train()
    count = min(len(train), NORM_SAMPLES) // NORM_BATCH * NORM_BATCH or len(train)
    images = Part(train.images[:count], train.labels[:count])
    with torch.no_grad():
        for batch, _ in Chunks(images, NORM_BATCH, prepare, device):
            module(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
