"""Evaluation of a stack: loss and accuracy of every network on one part of the data, in one pass for all."""

from collections.abc import Callable

import torch
from torch import Tensor

from tombola.data.batches import Prepare
from tombola.data.dataset import Part
from tombola.training.evaluate import CONVOLUTION_PIXELS, PIXELS, Evaluation
from tombola.training.stacked.capture import captured
from tombola.training.stacked.networks import Networks
from tombola.training.stacked.setting import Setting


class StackedEvaluator:
    """Evaluate a stack on one part of a data set.

    Batches are those of the dense engine; or, for a device that takes everything from its own memory, all of one size,
    the last one filled up with samples that do not count, so that one captured pass serves for all.

    Parameters
    ----------
    networks
        The stack.
    part
        The samples, on the device.
    prepare
        What the networks are fed.
    setting
        Whether to capture.
    """

    def __init__(self, networks: Networks, part: Part, prepare: Prepare, setting: Setting) -> None:
        self._networks, self._part, self._prepare = networks, part, prepare
        device = part.images.device
        self._size = evaluation_batch(part, device.type, networks.convolutions, len(networks.members))
        count = len(networks.members)
        self._loss = torch.zeros(count, dtype=torch.float64, device=device)
        self._hits = torch.zeros(count, dtype=torch.int64, device=device)
        self._begin = torch.zeros((), dtype=torch.int64, device=device)
        self._columns = torch.arange(self._size, device=device)
        self._pass: Callable[[], None] | None = None
        self._setting = setting

    def __len__(self) -> int:
        """The number of samples."""
        return len(self._part)

    def __call__(self) -> list[Evaluation]:
        """Return loss and accuracy of every network; waits for the device once, at the end."""
        with torch.no_grad():
            if self._setting.on_device:
                self._run_fixed()
            else:
                self._run_plain()
        figures = torch.stack((self._loss, self._hits.double())).tolist()
        return [Evaluation(loss / len(self), hits / len(self)) for loss, hits in zip(*figures, strict=True)]

    def _run_plain(self) -> None:
        self._clear()
        images, labels = (torch.split(tensor, self._size) for tensor in (self._part.images, self._part.labels))
        for batch, truth in zip(images, labels, strict=True):
            self._add(batch, truth, None)

    def _run_fixed(self) -> None:
        if self._pass is None:
            self._pass = captured(self._next, self._setting.device) if self._setting.capture else self._next
        self._clear()
        for _ in range(-(-len(self) // self._size)):
            self._pass()

    def _next(self) -> None:
        """Add the batch that begins at `_begin`. Runs on the device alone."""
        indices = self._begin + self._columns
        valid = indices < len(self)
        indices = indices.clamp(max=len(self) - 1)
        self._add(self._part.images.index_select(0, indices), self._part.labels.index_select(0, indices), valid)
        self._begin += self._size

    def _add(self, images: Tensor, labels: Tensor, valid: Tensor | None) -> None:
        losses, hits = self._networks.measure(self._prepare(images), labels, valid)
        self._loss += losses
        self._hits += hits

    def _clear(self) -> None:
        for total in (self._loss, self._hits, self._begin):
            total.zero_()


def evaluation_batch(part: Part, kind: str, convolutions: bool, members: int) -> int:
    """Return the images of an evaluation batch: on a CPU the dense engine's, on CUDA fewer for more networks."""
    pixels = (CONVOLUTION_PIXELS if convolutions else PIXELS)[kind]
    height, width = part.images.shape[2:]
    size = max(8, pixels // (height * width))
    return size if kind == "cpu" else min(max(64, size // members), max(1, len(part)))
