"""The training batches of a stack: every network sees its own order and augmentation, gathered in one go."""

from collections.abc import Sequence
from math import ceil

import torch
from jaxtyping import Float, Int
from torch import Tensor

from tombola.data.augment import Augmentation
from tombola.data.batches import Batches, Prepare
from tombola.data.dataset import Dataset, Part
from tombola.training.engine import Task

WINDOW = 2**26
"""Bytes of order and draws that are on the device at once: several epochs of small networks."""

CPU = torch.device("cpu")


class StackedBatches:
    """The batches of several replicates, step by step, as the dense engine makes them for each.

    `load` runs on the host and never waits for the device; `take` runs on the device alone and can be captured: where
    in the order a step stands is itself a tensor there.

    Parameters
    ----------
    tasks
        Whose streams are used.
    data
        The data set.
    resident
        Its training part on the device, shared by all stacks.
    batch_size
        Samples per step and network.
    steps
        First and last step.
    prepare
        Normalisation, layout, type, on the device.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        data: Dataset,
        resident: Part,
        batch_size: int,
        steps: tuple[int, int],
        prepare: Prepare,
    ) -> None:
        self._resident, self._prepare = resident, prepare
        self._augments, device = data.augment, resident.images.device
        self._augmentation = Augmentation(data.augment)
        # on the CPU these hold no copy of the images; they are asked for the order and the draws of epochs only
        still = Prepare(data.normalisation, CPU)
        self._members = [
            Batches(data, batch_size, seed=task.seed, replicate=task.replicate, prepare=still, device=CPU)
            for task in tasks
        ]
        self.per_epoch = len(data.train) // batch_size
        first, last = steps[0] // self.per_epoch, ceil(steps[1] / self.per_epoch)
        self._epoch: int | None = None
        drafts = self._made(first)
        size = sum(draft.numel() * draft.element_size() for draft in drafts)
        self._epochs = max(1, min(WINDOW // size, last - first))
        self._windows = [
            torch.empty((len(tasks), draft.shape[1] * self._epochs, *draft.shape[2:]), dtype=draft.dtype, device=device)
            for draft in drafts
        ]
        self.position = torch.zeros((), dtype=torch.int64, device=device)
        """The next step's place in the window; on the device."""
        self._columns = torch.arange(batch_size, device=device)
        self._batch_size = batch_size

    @property
    def capturable(self) -> bool:
        """Whether all augmentations are known to run on the device alone; those of users may do anything."""
        return {token.partition(":")[0] for token in self._augments} <= {"flip", "crop"}

    @property
    def window(self) -> int:
        """Steps that a window holds."""
        return self._epochs * self.per_epoch

    def load(self, step: int) -> int:
        """Make ready for a step; return the first step of the window, at which `position` is 0."""
        epoch = step // self.per_epoch
        if self._epoch is None or not self._epoch <= epoch < self._epoch + self._epochs:
            self._epoch = epoch
            epochs = [self._made(epoch + offset) for offset in range(self._epochs)]
            for window, parts in zip(self._windows, zip(*epochs, strict=True), strict=True):
                whole = torch.cat(parts, dim=1)
                # pinned memory is given back only when the copy is through, so the host can go on
                window.copy_(whole.pin_memory() if window.is_cuda else whole, non_blocking=True)
        self.position.fill_(step - self._epoch * self.per_epoch)
        return self._epoch * self.per_epoch

    def take(self) -> tuple[Float[Tensor, "batch c h w"], Int[Tensor, "replicate n"]]:
        """Return images (all replicates' after one another) and labels of the step at `position`, and go on by one."""
        columns = self.position * self._batch_size + self._columns
        indices, *draws = (window.index_select(1, columns) for window in self._windows)
        images = self._resident.images.index_select(0, indices.flatten())
        if draws:
            images = self._augmentation.apply(images, [drawn.flatten(0, 1) for drawn in draws])
        labels = self._resident.labels.index_select(0, indices.flatten()).view(indices.shape)
        # round the window, so that runs before a capture stay inside; what follows its last step is loaded first
        self.position.add_(1).remainder_(self.window)
        return self._prepare(images), labels

    def _made(self, epoch: int) -> list[Tensor]:
        """Return order and draws of an epoch, each (replicate, sample, ...), on the CPU."""
        orders = torch.stack([batches.order(epoch) for batches in self._members]).to(torch.int32)
        drawn = [batches.draws(epoch) for batches in self._members]
        return [orders, *(torch.stack(rows) for rows in zip(*drawn, strict=True))]
