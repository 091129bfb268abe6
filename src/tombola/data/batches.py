"""Batches from images that sit in memory: gathered by index, augmented and normalised on the device, batch by batch.

The order of an epoch and its augmentation are drawn from streams of their own, so a training that starts at step k sees
the batches that an unbroken one sees from there on.
"""

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int, Shaped, UInt8
from torch import Tensor

from tombola.data.augment import Augmentation
from tombola.data.dataset import Dataset, Normalisation, Part
from tombola.streams import stream_seed

Batch = tuple[Float[Tensor, "n c h w"], Int[Tensor, " n"]]


class Prepare:
    """Turn uint8 images into what a network is fed: (pixel / 255 - mean) / std, in the layout it computes in.

    Parameters
    ----------
    normalisation
        Mean and standard deviation, for all channels or for each.
    device, dtype
        Where and in which floating-point type the network computes.
    channels_last
        Whether it computes in channels-last layout.
    """

    def __init__(
        self,
        normalisation: Normalisation,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
        channels_last: bool = False,
    ) -> None:
        mean = torch.tensor(normalisation.mean, dtype=torch.float64)
        std = torch.tensor(normalisation.std, dtype=torch.float64)
        self._dtype = dtype
        self._exact = dtype if dtype.itemsize >= 4 else torch.float32
        # one multiplication and one addition per pixel, with constants rounded once
        self._scale = (1 / (255 * std)).to(device, self._exact).view(-1, 1, 1)
        self._shift = (-mean / std).to(device, self._exact).view(-1, 1, 1)
        self._layout = torch.channels_last if channels_last else torch.contiguous_format

    def __call__(self, images: UInt8[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """Return the images normalised."""
        normalised = images.to(self._exact).mul_(self._scale).add_(self._shift)
        return normalised.to(self._dtype, memory_format=self._layout)


class Batches:
    """The training batches of one replicate, from any step on, without end.

    Every epoch is a fresh permutation of the training samples; its last incomplete batch is dropped.

    Parameters
    ----------
    data
        The data set; its training part is moved to the device once.
    batch_size
        Samples per step.
    seed, replicate
        Select the streams ``order(replicate, epoch)`` and ``augment(replicate, epoch)``.
    prepare
        Normalisation, layout, type.
    device
        Where the batches are made.
    """

    def __init__(
        self, data: Dataset, batch_size: int, *, seed: int, replicate: int, prepare: Prepare, device: torch.device
    ) -> None:
        self.per_epoch = len(data.train) // batch_size
        self._images = data.train.images.to(device)
        self._labels = data.train.labels.to(device)
        self._augmentation = Augmentation(data.augment)
        self._batch_size, self._seed, self._replicate = batch_size, seed, replicate
        self._prepare, self._device = prepare, device

    def order(self, epoch: int) -> Int[Tensor, " used"]:
        """Return the indices of the samples that an epoch uses, in order."""
        generator = torch.Generator().manual_seed(stream_seed(self._seed, "order", self._replicate, epoch))
        return torch.randperm(len(self._labels), generator=generator)[: self.per_epoch * self._batch_size]

    def draws(self, epoch: int) -> list[Shaped[Tensor, "used ..."]]:
        """Return the random draws of an epoch, one tensor per augmentation, rows as in its order, on the CPU."""
        if not self._augmentation:
            return []
        generator = torch.Generator().manual_seed(stream_seed(self._seed, "augment", self._replicate, epoch))
        return self._augmentation.draw(self.per_epoch * self._batch_size, generator)

    def from_step(self, step: int) -> Iterator[Batch]:
        """Yield (images, labels) of the steps from `step` (completed steps so far) on."""
        epoch, first = divmod(step, self.per_epoch)
        while True:
            yield from self._epoch(epoch, first)
            epoch, first = epoch + 1, 0

    def _epoch(self, epoch: int, first: int) -> Iterator[Batch]:
        order = self.order(epoch).to(self._device)
        indices = torch.split(order, self._batch_size)[first:]
        labels = torch.split(self._labels[order], self._batch_size)[first:]
        draws = [torch.split(drawn.to(self._device), self._batch_size) for drawn in self.draws(epoch)]
        for number, (index, label) in enumerate(zip(indices, labels, strict=True), start=first):
            images = self._images.index_select(0, index)
            if draws:
                images = self._augmentation.apply(images, [drawn[number] for drawn in draws])
            yield self._prepare(images), label


class Chunks:
    """A part of a data set in its own order, in large batches, the last one as small as it comes: for evaluation.

    Parameters
    ----------
    part
        The samples; moved to the device once.
    size
        Samples per batch.
    prepare
        Normalisation, layout, type.
    device
        Where the batches are made.
    """

    def __init__(self, part: Part, size: int, prepare: Prepare, device: torch.device) -> None:
        self._images = part.images.to(device)
        self._labels = part.labels.to(device)
        self._size, self._prepare = size, prepare

    def __len__(self) -> int:
        """The number of samples."""
        return len(self._labels)

    def __iter__(self) -> Iterator[Batch]:
        pairs = zip(torch.split(self._images, self._size), torch.split(self._labels, self._size), strict=True)
        return ((self._prepare(images), labels) for images, labels in pairs)
