"""Evaluation: loss and accuracy of a part of the data in one pass, without gradients, in large batches."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from tombola.data.batches import Chunks, Prepare
from tombola.data.dataset import Dataset, Part
from tombola.errors import TombolaError
from tombola.training.placement import at_least_float32, computing, eval_mode

PIXELS = {"cpu": 2**20, "cuda": 2**22}
"""Pixels (per channel) of an evaluation batch: large enough to pay, and never a matter of what is being measured."""

CONVOLUTION_PIXELS = {"cpu": 2**16, "cuda": 2**21}
"""The same for networks with convolutions: on a CPU, feature maps that stay in cache are twice as fast (measured)."""


@dataclass(frozen=True)
class Evaluation:
    """Mean cross-entropy over samples, and the share of samples classified correctly."""

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
    ) -> None:
        pixels = (CONVOLUTION_PIXELS if convolutions else PIXELS)[device.type]
        _, height, width = data.input_shape
        self.batch_size = max(8, pixels // (height * width))
        self._chunks = Chunks(part, self.batch_size, prepare, device)
        self._device, self._bf16, self._classes = device, bf16, len(data.classes)

    def __len__(self) -> int:
        """The number of samples."""
        return len(self._chunks)

    def __call__(self, module: nn.Module) -> Evaluation:
        """Return loss and accuracy of a network, its training mode restored; waits for the device once, at the end."""
        loss = torch.zeros((), dtype=torch.float64, device=self._device)
        correct = torch.zeros((), dtype=torch.int64, device=self._device)
        with torch.inference_mode(), eval_mode(module), computing(self._device, self._bf16):
            for images, labels in self._chunks:
                outputs = module(images)
                if outputs.dim() != 2 or outputs.shape[1] < self._classes:
                    raise TombolaError(
                        f"the network returns shape {list(outputs.shape)} for {len(labels)} images, but the data has "
                        f"{self._classes} classes; its output must be (images, classes)"
                    )
                loss += F.cross_entropy(at_least_float32(outputs), labels, reduction="none").sum(dtype=torch.float64)
                correct += (outputs.argmax(1) == labels).sum()
        total, hits = torch.stack((loss, correct.double())).tolist()
        return Evaluation(total / len(self), hits / len(self))
