"""What a network reaches on a part of its data, in full: top-1, top-5, per class, calibration, on clean images."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from tombola.data.batches import Chunks, Prepare
from tombola.data.contamination import LARGE_ENOUGH, clean_samples
from tombola.data.dataset import Dataset, Part
from tombola.training.placement import at_least_float32, compute_dtype, computing, eval_mode, has_convolutions

TOP = 5
BINS = 15
"""Of equal width, for the expected calibration error (Guo et al. 2017)."""

PIXELS = {"cpu": 2**18, "cuda": 2**22}
"""Pixels (per channel) of a batch."""


@dataclass(frozen=True)
class Measured:
    """What a network reaches on one part of a data set.

    Attributes
    ----------
    n, correct, correct_top5
        Samples, and how many of them are classified correctly, or have their class among the five likeliest.
    loss
        Mean cross-entropy over samples.
    class_n, class_correct
        The same counts for each class, in class order.
    calibration_error
        Expected calibration error over 15 bins of equal width.
    clean_n, clean_correct
        Of the samples that a pretrained backbone has not seen (`tombola.data.contamination`); None where that is no
        question.
    """

    n: int
    correct: int
    correct_top5: int
    loss: float
    class_n: tuple[int, ...]
    class_correct: tuple[int, ...]
    calibration_error: float
    clean_n: int | None = None
    clean_correct: int | None = None

    @property
    def accuracy(self) -> float:
        """Share of samples classified correctly (top-1)."""
        return self.correct / self.n

    @property
    def top5(self) -> float:
        """Share of samples whose class is among the five likeliest."""
        return self.correct_top5 / self.n

    @property
    def clean_accuracy(self) -> float | None:
        """Share of the clean samples classified correctly; None where they are too few to say."""
        if self.clean_n is None or self.clean_correct is None or self.clean_n < LARGE_ENOUGH:
            return None
        return self.clean_correct / self.clean_n

    def row(self) -> dict[str, Any]:
        """Return it as plain data, accuracies included."""
        counts = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        return counts | {"accuracy": self.accuracy, "top5": self.top5, "clean_accuracy": self.clean_accuracy}


def measure(module: nn.Module, data: Dataset, part: Part, device: torch.device, *, bf16: bool = False) -> Measured:
    """Measure a network that is on its device on a part that is not empty; its training mode is as before after it."""
    prepare = Prepare(data.normalisation, device, compute_dtype(module), channels_last=has_convolutions(module))
    _, height, width = data.input_shape
    scores = []
    with torch.inference_mode(), eval_mode(module), computing(device, bf16):
        for images, _ in Chunks(part, max(8, PIXELS[device.type] // (height * width)), prepare, device):
            scores.append(at_least_float32(module(images)).cpu())
    return measured(torch.cat(scores), part.labels, len(data.classes), clean_samples(part))


def measured(
    scores: Float[Tensor, "n class"],
    labels: Int[Tensor, " n"],
    classes: int,
    clean: np.ndarray | None = None,
) -> Measured:
    """Return what class scores come to.

    Parameters
    ----------
    scores
        Logits, on the CPU; there may be more outputs than classes.
    labels
        The true classes.
    classes
        How many there are.
    clean
        Which samples are clean; None: no question of that.

    Examples
    --------
    >>> found = measured(torch.tensor([[2.0, 1.0], [0.0, 1.0]]), torch.tensor([0, 0]), 2)
    >>> found.correct, found.class_n, found.accuracy
    (1, (2, 0), 0.5)
    """
    hits = scores.argmax(1) == labels
    own = scores.gather(1, labels[:, None])
    # how many are likelier, not the first five of a sort: ties of the fifth place do not depend on it
    top5 = hits | (((scores > own).sum(1) < TOP) & own[:, 0].isfinite())
    confidence = scores.double().softmax(1).amax(1)
    return Measured(
        n=len(labels),
        correct=int(hits.sum()),
        correct_top5=int(top5.sum()),
        loss=float(F.cross_entropy(scores.double(), labels)),
        class_n=tuple(torch.bincount(labels, minlength=classes).tolist()),
        class_correct=tuple(torch.bincount(labels[hits], minlength=classes).tolist()),
        calibration_error=calibration_error(confidence.numpy(), hits.numpy()),
        clean_n=None if clean is None else int(clean.sum()),
        clean_correct=None if clean is None else int((hits.numpy() & clean).sum()),
    )


def calibration_error(confidence: Float[np.ndarray, " n"], hits: np.ndarray, bins: int = BINS) -> float:
    """Return the expected calibration error: |accuracy - confidence| averaged over bins, weighted by their samples.

    Examples
    --------
    >>> round(calibration_error(np.array([0.9, 0.9, 0.6]), np.array([True, True, False])), 3)
    0.267
    """
    if not np.isfinite(confidence).all():
        return float("nan")
    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    sums = np.bincount(place, confidence - hits, minlength=bins)
    return float(np.abs(sums).sum() / len(confidence))
