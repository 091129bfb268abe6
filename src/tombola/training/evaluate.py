"""Evaluation: loss and accuracy of a part of the data in one pass, without gradients, in large batches."""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import nn

from tombola.data.batches import Chunks, Prepare
from tombola.data.dataset import Dataset, Part
from tombola.errors import TombolaError
from tombola.training.placement import (
    at_least_float32,
    compute_dtype,
    computing,
    eval_mode,
    find_device,
    has_convolutions,
    placed,
    products,
)

PIXELS = {"cpu": 2**20, "cuda": 2**22}
"""Pixels (per channel) of an evaluation batch: large enough to pay, and never a matter of what is being measured."""

CONVOLUTION_PIXELS = {"cpu": 2**16, "cuda": 2**21}
"""The same for networks with convolutions: on a CPU, feature maps that stay in cache are twice as fast (measured)."""


@dataclass(frozen=True)
class Evaluation:
    """Mean cross-entropy over samples (or batches of them), and the share of samples classified correctly."""

    loss: float
    accuracy: float


class Evaluator:
    """Evaluate networks of one kind on one part of a data set.

    Parameters
    ----------
    data
        The data set, for its classes and image size.
    part
        The samples; moved to the device once.
    prepare
        What the network is fed.
    device
        Where it is.
    bf16
        Whether it computes in bf16.
    convolutions
        Whether it has any.
    batch
        The loss is the mean over batches of this many samples, of which the last may be smaller; None: over samples.
    """

    def __init__(
        self,
        data: Dataset,
        part: Part,
        prepare: Prepare,
        device: torch.device,
        *,
        bf16: bool = False,
        convolutions: bool = False,
        batch: int | None = None,
    ) -> None:
        pixels = (CONVOLUTION_PIXELS if convolutions else PIXELS)[device.type]
        _, height, width = data.input_shape
        self.batch_size = max(8, pixels // (height * width))
        self._chunks = Chunks(part, self.batch_size, prepare, device)
        self._device, self._bf16, self._classes = device, bf16, len(data.classes)
        self._weights = None if batch is None else _batch_weights(len(part), batch).to(device)

    def __len__(self) -> int:
        """The number of samples."""
        return len(self._chunks)

    def __call__(self, module: nn.Module) -> Evaluation:
        """Return loss and accuracy of a network, its training mode restored; waits for the device once, at the end."""
        loss = torch.zeros((), dtype=torch.float64, device=self._device)
        correct = torch.zeros((), dtype=torch.int64, device=self._device)
        done = 0
        with torch.inference_mode(), eval_mode(module), computing(self._device, self._bf16):
            for images, labels in self._chunks:
                outputs = module(images)
                if outputs.dim() != 2 or outputs.shape[1] < self._classes:
                    raise TombolaError(
                        f"the network returns shape {list(outputs.shape)} for {len(labels)} images, but the data has "
                        f"{self._classes} classes; its output must be (images, classes)"
                    )
                losses = F.cross_entropy(at_least_float32(outputs), labels, reduction="none")
                if self._weights is not None:
                    losses = losses.double() * self._weights[done : done + len(labels)]
                    done += len(labels)
                loss += losses.sum(dtype=torch.float64)
                correct += (outputs.argmax(1) == labels).sum()
        total, hits = torch.stack((loss, correct.double())).tolist()
        return Evaluation(total / len(self), hits / len(self))


def _batch_weights(samples: int, batch: int) -> torch.Tensor:
    """Return what each sample counts where every batch counts the same: 1 on average."""
    size = torch.full((samples,), batch, dtype=torch.float64)
    last = samples % batch
    if last:
        size[-last:] = last
    return samples / (-(-samples // batch) * size)


def evaluate(
    module: nn.Module, data: Dataset, part: Literal["train", "validation", "test"] = "test", *, device: str = "auto"
) -> Evaluation:
    """Return loss and accuracy of a network on a part of a data set; the network is as it was afterwards.

    Of a ticket in its initial state this is what its mask alone has learnt (supermasks, Zhou et al. 2019).

    Parameters
    ----------
    module
        Maps images (n, c, h, w), normalised as the data set says, to class scores (n, classes).
    data
        Images and labels.
    part
        ``train`` (without augmentation), ``validation`` or ``test``.
    device
        ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises
    ------
    TombolaError
        If there is no such part, it is empty, or the network does not fit the data.

    Examples
    --------
    >>> import tombola
    >>> data = tombola.load_data("digits")
    >>> module = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    >>> 0 <= tombola.evaluate(module, data).accuracy <= 1
    True
    """
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    if part not in parts or not len(parts[part]):
        filled = [name for name, samples in parts.items() if len(samples)]
        raise TombolaError(f"part = '{part}': {data.name} has {', '.join(filled)}; choose one of them")
    place, convolutions = find_device(device), has_convolutions(module)
    prepare = Prepare(data.normalisation, place, compute_dtype(module), channels_last=convolutions)
    with placed(module, place, convolutions), products(place, "fp32"):
        return Evaluator(data, parts[part], prepare, place, convolutions=convolutions)(module)
