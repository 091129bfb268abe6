"""Images to be explained: as the network sees them, and as people do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from tombola.data import Dataset, Part, load
from tombola.data.batches import Prepare
from tombola.errors import TombolaError
from tombola.store import Run


@dataclass(frozen=True, eq=False)
class Pictures:
    """Images of one part of a data set.

    Attributes
    ----------
    raw
        As they are looked at; grey ones in three equal channels.
    images
        As the network is given them: normalised.
    labels
        True classes.
    classes
        Their names.
    indices
        Which images of the part these are.
    part
        ``train``, ``validation`` or ``test``.
    names
        File of every image, where it comes from one; else None.
    boxes, objects
        Where the object is, for sets that know it (as in `tombola.data.Part`); else None.
    """

    raw: UInt8[np.ndarray, "n h w 3"]
    images: Float[Tensor, "n c h w"]
    labels: Int[Tensor, " n"]
    classes: tuple[str, ...]
    indices: Int[np.ndarray, " n"]
    part: str
    names: tuple[str, ...] | None = None
    boxes: Int[Tensor, "n 4"] | None = None
    objects: Bool[Tensor, "n h w"] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, places: Sequence[int]) -> "Pictures":
        """Return the images at some places of these (not of the part), in that order."""
        chosen = np.asarray(places, dtype=np.int64)
        tensor = torch.from_numpy(chosen)
        return replace(
            self,
            raw=self.raw[chosen],
            images=self.images[tensor],
            labels=self.labels[tensor],
            indices=self.indices[chosen],
            names=None if self.names is None else tuple(self.names[place] for place in chosen),
            boxes=None if self.boxes is None else self.boxes[tensor],
            objects=None if self.objects is None else self.objects[tensor],
        )


def pictures(data: Dataset | Run, part: str = "test", most: int = 16, indices: Sequence[int] | None = None) -> Pictures:
    """Return images of a data set, or of a run's.

    Parameters
    ----------
    data
        A data set, or a run, whose data are then loaded as its spec says.
    part
        ``test``, ``validation`` or ``train``.
    most
        How many at most, evenly spaced over the part; 0: all.
    indices
        Exactly these of the part instead, in this order.

    Raises
    ------
    TombolaError
        If there is no such part or image, or images have neither one nor three channels.
    """
    dataset = load(data.spec.data, data.spec.seed) if isinstance(data, Run) else data
    parts = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    if part not in parts or not len(parts[part]):
        filled = [name for name, samples in parts.items() if len(samples)]
        raise TombolaError(f"part = '{part}': {dataset.name} has {', '.join(filled)}; choose one of them")
    samples = parts[part]
    chosen = _chosen(len(samples), part, most, indices)
    taken = samples.take(chosen)
    prepare = Prepare(dataset.normalisation, torch.device("cpu"))
    return Pictures(
        _raw(taken),
        prepare(taken.images),
        taken.labels,
        dataset.classes,
        chosen,
        part,
        taken.names,
        taken.boxes,
        taken.objects,
    )


def _chosen(count: int, part: str, most: int, indices: Sequence[int] | None) -> Int[np.ndarray, " n"]:
    if indices is None:
        if most < 0:
            raise TombolaError(f"most = {most}: how many images at most, 0 for all")
        kept = count if most == 0 else min(most, count)
        # evenly, because sets that come in folders are sorted by class
        return np.arange(kept, dtype=np.int64) * count // kept
    chosen = np.asarray(list(indices), dtype=np.int64)
    wrong = chosen[(chosen < 0) | (chosen >= count)]
    if len(wrong) or not len(chosen):
        what = f"image {wrong[0]}" if len(wrong) else "an empty choice of images"
        raise TombolaError(f"{what}: the {part} part has images 0 to {count - 1}; choose among them")
    return chosen


def _raw(samples: Part) -> UInt8[np.ndarray, "n h w 3"]:
    images = samples.images.permute(0, 2, 3, 1)
    channels = images.shape[3]
    if channels not in (1, 3):
        raise TombolaError(f"images of {channels} channels cannot be shown; those of one or three can")
    return np.ascontiguousarray(images.expand(-1, -1, -1, 3).numpy())
