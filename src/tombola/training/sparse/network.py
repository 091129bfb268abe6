"""A network compiled for sparse training: it trains in its own arena, filled from a module and written back to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from tombola.training.sparse.compile import Compiler, Recipe
from tombola.training.sparse.layers import Layer, chain
from tombola.training.sparse.run import run

NO_RATES = np.zeros(0)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


@dataclass(frozen=True)
class Outcome:
    """Sum of the losses and number of correct answers."""

    loss: float
    correct: int


class SparseNetwork:
    """A module's network, its survivors only.

    Several may train at the same time in threads: nothing is shared but the images, and each computes the same bits
    whatever the others do.

    Parameters
    ----------
    module
        The network, holding its initial state. It is not changed before `write`.
    mask
        Survivors by name of the weight; weights that are not named are dense.
    shape
        Channels, height and width of an image.
    batch
        Samples per step.
    scale, shift
        A pixel is fed as ``pixel * scale + shift``: one number, or one per channel.
    recipe
        The optimiser.
    layers
        The module's chain of layers, where it is known already.

    Raises
    ------
    Unsupported
        If a part of the network has no kernel.
    """

    def __init__(
        self,
        module: nn.Module,
        mask: Mapping[str, Tensor],
        shape: tuple[int, int, int],
        batch: int,
        scale: NDArray[np.float32],
        shift: NDArray[np.float32],
        recipe: Recipe,
        layers: Sequence[Layer] | None = None,
    ) -> None:
        found = chain(module, shape) if layers is None else layers
        compiled = Compiler(found, mask, shape, batch, scale, shift, recipe)
        self.module, self.batch, self.done, self._counted = module, batch, 0, 0
        self.parameters = compiled.parameters
        self._training = compiled.training.tables()
        self._evaluation = compiled.evaluation.tables()
        self.arena, self.index = compiled.arena.floats(), compiled.arena.integers()
        self.read()

    def read(self) -> None:
        """Take the module's parameters and running statistics."""
        for held in (*self.parameters.by_name.values(), *self.parameters.statistics.values()):
            held.read(self.arena)

    def write(self) -> None:
        """Give parameters and running statistics back to the module; its pruned weights become +0.0."""
        for held in (*self.parameters.by_name.values(), *self.parameters.statistics.values()):
            held.write(self.arena)
        for part in self.module.modules():
            if isinstance(part, NORMS) and part.num_batches_tracked is not None:
                part.num_batches_tracked += self.done - self._counted
        self._counted = self.done

    def train(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        samples: NDArray[np.int64],
        rates: NDArray[np.float64],
    ) -> Outcome:
        """Take ``len(rates)`` steps.

        Parameters
        ----------
        images, labels
            All images (n, c, h, w) and their labels.
        samples
            Indices of the samples of these steps, in order: ``len(rates) * batch``.
        rates
            Learning rate of every step.
        """
        if len(samples) != len(rates) * self.batch:
            raise ValueError(f"{len(samples)} samples do not make {len(rates)} batches of {self.batch}")
        totals = np.zeros(2)
        if len(rates):
            self._run(self._training, images, labels, samples, rates, totals)
            self.done += len(rates)
        return Outcome(float(totals[0]), int(totals[1]))

    def evaluate(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> Outcome:
        """Return the sum of the losses and the correct answers over all images, in evaluation mode."""
        totals = np.zeros(2)
        self._run(self._evaluation, images, labels, np.arange(len(labels)), NO_RATES, totals)
        return Outcome(float(totals[0]), int(totals[1]))

    def _run(
        self,
        tables: tuple[NDArray[np.int64], NDArray[np.float64]],
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        samples: NDArray[np.int64],
        rates: NDArray[np.float64],
        totals: NDArray[np.float64],
    ) -> None:
        program, real = tables
        flat = np.ascontiguousarray(images).reshape(-1)
        # an index beyond the images would read foreign memory: kernels check nothing
        if len(samples) and not (samples.min() >= 0 and samples.max() < len(labels) == len(images)):
            raise ValueError(f"samples must be from 0 to {len(labels) - 1}, and every image needs a label")
        samples = np.ascontiguousarray(samples, np.int64)
        run(program, real, self.arena, self.index, flat, labels, samples, self.batch, rates, self.done, totals)
