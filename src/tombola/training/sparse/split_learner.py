"""A network in the hands of two: PyTorch computes its first convolutions, the sparse kernels all the rest."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from tombola.data.batches import Batches, Chunks, Prepare
from tombola.data.dataset import Dataset
from tombola.pruning import Mask
from tombola.specs import TrainSpec
from tombola.training.course import Course
from tombola.training.engine import Task
from tombola.training.evaluate import Evaluation
from tombola.training.hold import Hold
from tombola.training.optimisers import optimisers
from tombola.training.schedule import learning_rate
from tombola.training.sparse.layers import Layer
from tombola.training.sparse.learner import recipe
from tombola.training.sparse.prefix import Prefix
from tombola.training.sparse.suffix import Suffix


class SplitLearner:
    """A network whose first part is dense; see `tombola.training.learner.Learner`.

    The module is in channels-last layout. The tensors of the first part are the module's own; those of the rest live in
    the suffix.

    Parameters
    ----------
    task, course, data, train
        What to train, how far, on what, by which recipe.
    layers
        The network's layers.
    end
        Position of the last layer that is computed densely.
    """

    def __init__(
        self, task: Task, course: Course, data: Dataset, train: TrainSpec, layers: Sequence[Layer], end: int
    ) -> None:
        cpu = torch.device("cpu")
        prepare = Prepare(data.normalisation, cpu, channels_last=True)
        self.hold = Hold(task.module, task.mask)
        self.hold.weights()
        self.prefix = Prefix(task.module, layers[:end])
        own = {name for layer in layers[end:] for _, name in layer.node.tensors}
        mask = {name: keep for name, keep in (task.mask or {}).items() if name in own}
        self.suffix = Suffix(layers, end, mask, train.batch_size, recipe(train))
        self.batches = Batches(
            data, train.batch_size, seed=task.seed, replicate=task.replicate, prepare=prepare, device=cpu
        ).from_step(course.start)
        self.optimiser = optimisers[train.optimiser](self.prefix.parameters, train)
        self.rate = learning_rate(train, course.per_epoch)
        self.counted = 0
        self._validation, self._test = (
            Chunks(part, train.batch_size, prepare, cpu) for part in (data.validation, data.test)
        )

    def advance(self, first: int, last: int) -> float:
        """Take steps."""
        total = 0.0
        for step in range(first, last):
            images, labels = next(self.batches)
            rate = self.rate(step)
            maps = self.prefix(images, training=True)
            outcome, gradient = self.suffix.train(maps, labels.numpy(), rate)
            maps.backward(gradient)  # type: ignore[no-untyped-call]
            self.hold.gradients()
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            self.optimiser.step()
            for parameter in self.prefix.parameters:
                parameter.grad = None
            total += outcome.loss / len(labels)
            self.counted += outcome.correct
        return total

    def hits(self) -> int:
        """Return what was counted, and begin anew."""
        hits, self.counted = self.counted, 0
        return hits

    def settle(self) -> None:
        """Write what the suffix holds to the module, and hold pruned weights once more."""
        self.suffix.write()
        self.hold.weights()

    def reload(self) -> None:
        """Read the suffix from the module."""
        self.suffix.read()

    def move(self, mask: Mask, cleared: Mapping[str, Tensor]) -> None:
        """Masks that move are never trained by two (`choice.dense_part`)."""
        raise NotImplementedError

    def validate(self) -> Evaluation:
        """Evaluate the validation part."""
        return self._evaluated(self._validation)

    def test(self) -> Evaluation:
        """Evaluate the test part."""
        return self._evaluated(self._test)

    def _evaluated(self, chunks: Chunks) -> Evaluation:
        loss, correct = 0.0, 0
        with torch.inference_mode():
            for images, labels in chunks:
                outcome = self.suffix.evaluate(self.prefix(images, training=False), labels.numpy())
                loss, correct = loss + outcome.loss, correct + outcome.correct
        return Evaluation(loss / len(chunks), correct / len(chunks))
