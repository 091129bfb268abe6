"""What a network answers, and how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.training.placement import at_least_float32


@dataclass(frozen=True, eq=False)
class Answers:
    """A network's answers to images.

    Attributes
    ----------
    predicted
        The class with the largest score, the first one where several share it.
    confidence
        The probability that the network gives it.
    classes
        How many there are.
    """

    predicted: Int[np.ndarray, " n"]
    confidence: Float[np.ndarray, " n"]
    classes: int


def answers(module: nn.Module, batches: Sequence[Float[Tensor, "n c h w"]]) -> Answers:
    """Return a network's answers to batches of images, in order. The network is taken as it is, mode included.

    Raises
    ------
    TombolaError
        If it does not give (images, classes), or scores that are not finite.
    """
    outputs = []
    with torch.no_grad():
        for batch in batches:
            scores = module(batch.clone())
            if not isinstance(scores, Tensor) or scores.dim() != 2 or len(scores) != len(batch):
                shape = list(scores.shape) if isinstance(scores, Tensor) else type(scores).__name__
                raise TombolaError(
                    f"the network gives {shape} for {len(batch)} images; (images, classes) is needed to explain a class"
                )
            outputs.append(at_least_float32(scores).to("cpu"))
    scores = torch.cat(outputs)
    broken = (~scores.isfinite().all(dim=1)).nonzero()
    if len(broken):
        raise TombolaError(
            f"the network's scores for image {int(broken[0])} are not finite, so there is no answer to explain; leave "
            "out this image or this network"
        )
    probabilities = scores.softmax(dim=1)
    predicted = scores.numpy().argmax(axis=1)  # of equal ones the first, which torch does not promise
    return Answers(predicted, probabilities.numpy()[np.arange(len(predicted)), predicted], scores.shape[1])
