"""Balanced samples: as many images of each class, drawn from a part of a set by a stream of their own."""

import torch

from tombola.data.dataset import Part
from tombola.errors import TombolaError


def balanced_samples(part: Part, classes: int, per_class: int, generator: torch.Generator) -> Part:
    """Return random images of a part, equally many of each class, in random order.

    Parameters
    ----------
    part
        What is drawn from, without replacement.
    classes
        Number of classes; labels are 0 to `classes` - 1.
    per_class
        Images of each.
    generator
        A CPU generator, from which nothing else should draw.

    Raises
    ------
    TombolaError
        If a class has fewer images.
    """
    chosen = []
    for label in range(classes):
        members = (part.labels == label).nonzero().squeeze(1)
        if len(members) < per_class:
            raise TombolaError(
                f"samples_per_class = {per_class}: class {label} has {len(members)} training images; ask for fewer"
            )
        chosen.append(members[torch.randperm(len(members), generator=generator)[:per_class]])
    indices = torch.cat(chosen)
    # batches in the order of classes would hold one class each, which normalisation by the batch would see
    return part.take(indices[torch.randperm(len(indices), generator=generator)].numpy())
