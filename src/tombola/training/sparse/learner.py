"""A network in the hands of the sparse engine."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tombola.data.batches import Batches
from tombola.data.dataset import Dataset, Part
from tombola.pruning import Mask
from tombola.specs import TrainSpec
from tombola.training.course import Course
from tombola.training.engine import Task
from tombola.training.evaluate import Evaluation
from tombola.training.hold import Hold
from tombola.training.schedule import learning_rate
from tombola.training.sparse.compile import Recipe
from tombola.training.sparse.layers import Layer
from tombola.training.sparse.network import Outcome, SparseNetwork
from tombola.training.sparse.optimise import ADAM, ADAMW, SGD

AUGMENTED_STEPS = 50
"""Steps whose augmented images are made at a time."""


class SparseLearner:
    """A network compiled for sparse training; see `tombola.training.learner.Learner`."""

    def __init__(self, task: Task, course: Course, data: Dataset, train: TrainSpec, layers: Sequence[Layer]) -> None:
        mean, std = (np.array(values, np.float64) for values in (data.normalisation.mean, data.normalisation.std))
        Hold(task.module, task.mask).weights()
        scale, shift = (1 / (255 * std)).astype(np.float32), (-mean / std).astype(np.float32)
        self._compiled: Callable[[Mapping[str, Tensor]], SparseNetwork] = lambda mask: SparseNetwork(
            task.module, mask, data.input_shape, train.batch_size, scale, shift, recipe(train), layers
        )
        self.network = self._compiled(task.mask or {})
        self.batches = Batches(
            data,
            train.batch_size,
            seed=task.seed,
            replicate=task.replicate,
            prepare=lambda images: images,  # type: ignore[arg-type] # pixels are normalised as they are gathered
            device=torch.device("cpu"),
        )
        self.batch, self.per_epoch = train.batch_size, course.per_epoch
        self.augmented = self.batches.from_step(course.start) if data.augment else None
        self.rate = learning_rate(train, course.per_epoch)
        self.counted = 0
        self.images, self.labels = _arrays(data.train)
        self._validation, self._test = _arrays(data.validation), _arrays(data.test)

    def advance(self, first: int, last: int) -> float:
        """Take steps, all in one call unless images are augmented on the way."""
        rates = np.array([self.rate(step) for step in range(first, last)])
        if self.augmented is not None:
            return self._advance_augmented(rates) / self.batch
        samples = list(self._samples(first, last))
        indices = np.concatenate(samples) if samples else np.zeros(0, np.int64)
        outcome = self.network.train(self.images, self.labels, indices, rates)
        self.counted += outcome.correct
        return outcome.loss / self.batch

    def _samples(self, first: int, last: int) -> Iterator[NDArray[np.int64]]:
        """Yield the samples of the steps, epoch by epoch."""
        while first < last:
            epoch, step = divmod(first, self.per_epoch)
            count = min(self.per_epoch - step, last - first)
            yield self.batches.order(epoch)[step * self.batch : (step + count) * self.batch].numpy()
            first += count

    def _advance_augmented(self, rates: NDArray[np.float64]) -> float:
        loss = 0.0
        for start in range(0, len(rates), AUGMENTED_STEPS):
            part = rates[start : start + AUGMENTED_STEPS]
            made = [next(self.augmented) for _ in part] if self.augmented is not None else []
            images, labels = (torch.cat(tensors).numpy() for tensors in zip(*made, strict=True))
            outcome = self.network.train(images, labels, np.arange(len(labels)), part)
            loss, self.counted = loss + outcome.loss, self.counted + outcome.correct
        return loss

    def hits(self) -> int:
        """Return what was counted, and begin anew."""
        hits, self.counted = self.counted, 0
        return hits

    def settle(self) -> None:
        """Write parameters and statistics to the module."""
        self.network.write()

    def reload(self) -> None:
        """Read them from the module."""
        self.network.read()

    def move(self, mask: Mask, cleared: Mapping[str, Tensor]) -> None:
        """Compile the network anew for another mask, and take over what the optimiser knows."""
        known, done = self.network.memory(), self.network.done
        self.network = self._compiled(mask)
        self.network.recall(known, cleared, done)

    def validate(self) -> Evaluation:
        """Evaluate the validation part."""
        return _mean(self.network.evaluate(*self._validation), len(self._validation[1]))

    def test(self) -> Evaluation:
        """Evaluate the test part."""
        return _mean(self.network.evaluate(*self._test), len(self._test[1]))


def recipe(train: TrainSpec) -> Recipe:
    """Return the optimiser as the kernels take it."""
    if train.optimiser == "sgd":
        return Recipe(SGD, (train.momentum, float(train.nesterov), 0.0, train.weight_decay))
    kind = ADAM if train.optimiser == "adam" else ADAMW
    return Recipe(kind, (train.beta1, train.beta2, train.eps, train.weight_decay))


def _arrays(part: Part) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    return np.ascontiguousarray(part.images.numpy()), part.labels.numpy()


def _mean(outcome: Outcome, samples: int) -> Evaluation:
    return Evaluation(outcome.loss / samples, outcome.correct / samples)
