"""The images that scores see."""

import torch

from tombola.data.batches import Chunks, Prepare
from tombola.data.dataset import Dataset
from tombola.data.samples import balanced_samples


def score_batches(
    data: Dataset,
    per_class: int,
    batch: int,
    generator: torch.Generator,
    device: str | torch.device = "cpu",
) -> Chunks:
    """Return batches of training images, as many of each class, normalised as in training and not augmented.

    They are drawn once: going through the batches again gives the same ones (sparse-analysis reference, section 3.2).

    Parameters
    ----------
    data
        The data set; its training part is drawn from.
    per_class
        Images of each class.
    batch
        Images per batch.
    generator
        A stream of its own.
    device
        Where the batches are made.

    Raises
    ------
    TombolaError
        If a class has fewer images.
    """
    part = balanced_samples(data.train, len(data.classes), per_class, generator)
    return Chunks(part, batch, Prepare(data.normalisation, torch.device(device)), torch.device(device))
