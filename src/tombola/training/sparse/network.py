"""A network compiled for sparse training: it trains in its own arena, filled from a module and written back to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from tombola.training.sparse.compile import Compiler, Recipe
from tombola.training.sparse.layers import Layer, read_layers
from tombola.training.sparse.run import run
from tombola.training.sparse.sources import Pixels

NO_RATES = np.zeros(0)

Moments = tuple[NDArray[np.float32], ...]
"""First and second moment of a parameter's elements, where the optimiser has them."""


@dataclass(frozen=True)
class Outcome:
    """Sum of the losses and number of correct answers."""

    loss: float
    correct: int


class Compiled:
    """A program with the arena it runs in, filled from the tensors of a module and written back to them.

    Parameters
    ----------
    compiled
        The program.
    batch
        Samples per step.
    """

    def __init__(self, compiled: Compiler, batch: int) -> None:
        self.batch, self.done, self._counted = batch, 0, 0
        self.parameters = compiled.parameters
        self._training, self._evaluation = compiled.training.tables(), compiled.evaluation.tables()
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
        for counter in self.parameters.counters:
            counter += self.done - self._counted
        self._counted = self.done

    def memory(self) -> dict[str, Moments]:
        """Return what the optimiser knows of every parameter, shaped flat like the whole tensor, zero where pruned."""
        stretches = (self.parameters.first_state, self.parameters.second_state)
        return {
            name: tuple(held.gathered(self.arena, start - self.parameters.begin) for start in stretches)
            for name, held in self.parameters.by_name.items()
        }

    def recall(self, known: Mapping[str, Moments], forgotten: Mapping[str, Tensor], done: int) -> None:
        """Let the optimiser know what that of a network with another mask knew after `done` steps.

        Parameters
        ----------
        known
            As from `memory`.
        forgotten
            Name -> which weights it shall know nothing of.
        done
            Steps the other network took.
        """
        stretches = (self.parameters.first_state, self.parameters.second_state)
        for name, held in self.parameters.by_name.items():
            for start, values in zip(stretches, known[name], strict=True):
                if name in forgotten:
                    values[forgotten[name].reshape(-1).numpy()] = 0.0
                held.scattered(values, self.arena, start - self.parameters.begin)
        self.done = self._counted = done

    def _run(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        samples: NDArray[np.int64],
        rates: NDArray[np.float64],
    ) -> Outcome:
        """Take a step for each rate; without rates, evaluate."""
        totals = np.zeros(2)
        program, real = self._training if len(rates) else self._evaluation
        # an index beyond the labels would read foreign memory: kernels check nothing
        if len(samples) and not (samples.min() >= 0 and samples.max() < len(labels)):
            raise ValueError(f"samples must be from 0 to {len(labels) - 1}")
        samples = np.ascontiguousarray(samples, np.int64)
        run(program, real, self.arena, self.index, images, labels, samples, self.batch, rates, self.done, totals)
        self.done += len(rates)
        return Outcome(float(totals[0]), int(totals[1]))


class SparseNetwork(Compiled):
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
        The module's layers, where they are known already.

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
        found = read_layers(module, shape) if layers is None else layers
        super().__init__(Compiler(found, mask, Pixels(shape, scale, shift), batch, recipe), batch)

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
        if not len(rates):
            return Outcome(0.0, 0)
        return self._run(_flat(images, labels), labels, samples, rates)

    def evaluate(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> Outcome:
        """Return the sum of the losses and the correct answers over all images, in evaluation mode."""
        return self._run(_flat(images, labels), labels, np.arange(len(labels)), NO_RATES)


def _flat(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> NDArray[np.uint8]:
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images have {len(labels)} labels: every image needs a label")
    return np.ascontiguousarray(images).reshape(-1)
