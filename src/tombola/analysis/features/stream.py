"""Activations of several networks for the same images, batch by batch: nothing grows with the number of images."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from tombola.analysis.features.taps import Point, Tap, tap
from tombola.analysis.material import NetworkView, common_layers
from tombola.data.batches import Prepare
from tombola.data.dataset import Dataset, Part
from tombola.errors import TombolaError, nearest
from tombola.networks import PrunableLayer
from tombola.networks.prunable import weight_named

BATCH = 32
IMAGES = 1000

PartName = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Batch:
    """Activations for some images.

    Attributes
    ----------
    images
        Their numbers in the stream.
    layers
        Layer -> by network -> (image, place, unit): every place of a map is a sample; other layers have one place.
    classes
        By network: the class it predicts.
    """

    images: Int64[Tensor, " image"]
    layers: Mapping[str, Sequence[Float[Tensor, "image place unit"]]]
    classes: Sequence[Int64[Tensor, " image"]]


@dataclass(frozen=True)
class Activations:
    """Networks and the images they look at; iterate over it as often as needed.

    Attributes
    ----------
    views
        Networks of equal layers.
    images
        Normalised.
    chosen
        Names of the layers to look at; by default all.
    point
        ``activation`` or ``layer``, see `tombola.analysis.features.taps.Point`.
    batch
        Images at a time; results do not depend on it but for rounding.
    elsewhere
        Numbers of the networks that are shown other images than the rest: those half the stream away.
    """

    views: Sequence[NetworkView]
    images: Float[Tensor, "image ..."]
    chosen: Sequence[str] = ()
    point: Point = "activation"
    batch: int = BATCH
    elsewhere: Collection[int] = ()

    @cached_property
    def layers(self) -> tuple[PrunableLayer, ...]:
        """The layers that are looked at, as the first network calls them.

        Raises
        ------
        TombolaError
            If networks differ, a layer does not exist, or there are no images.
        """
        if not len(self.images):
            raise TombolaError("there are no images to compute activations of; choose another part or more images")
        layers = common_layers(self.views)
        names = [layer.name for layer in layers]
        wanted = [self._full(name, names) for name in self.chosen]
        return tuple(layer for layer in layers if not wanted or layer.name in wanted)

    @property
    def labels(self) -> tuple[str, ...]:
        """What the networks are called."""
        return tuple(view.label for view in self.views)

    def __iter__(self) -> Iterator[Batch]:
        taps = self._taps()
        shape: dict[str, int] = {}
        with torch.no_grad():
            for start in range(0, len(self.images), self.batch):
                images = self.images[start : start + self.batch]
                others = images if not self.elsewhere else self._others(start, len(images))
                seen = [each(others if number in self.elsewhere else images) for number, each in enumerate(taps)]
                layers = {}
                for number, layer in enumerate(self.layers):
                    rows = [
                        _rows(one.layers[view.layers[self._place(number)].name], layer.kind == "conv")
                        for one, view in zip(seen, self.views, strict=True)
                    ]
                    places = {row.shape[1] for row in rows} | {shape.setdefault(layer.name, rows[0].shape[1])}
                    if len(places) > 1:
                        raise TombolaError(f"layer '{layer.name}' makes maps of different sizes; its units do not pair")
                    layers[layer.name] = rows
                numbers = torch.arange(start, start + len(images))
                yield Batch(numbers, layers, [one.outputs.flatten(1).argmax(1) for one in seen])

    def points(self) -> dict[str, str]:
        """Return where activations are taken: layer -> ``after relu`` and so on, as in the first network."""
        first = self._taps()[0]
        with torch.no_grad():
            first(self.images[:1])
        return {layer.name: first.points[layer.name] for layer in self.layers}

    def unrelated(self) -> "Activations":
        """Return the networks twice, the second time with other images: what is similar then is so by chance."""
        return replace(self, views=[*self.views, *self.views], elsewhere=range(len(self.views), 2 * len(self.views)))

    def _others(self, start: int, count: int) -> Float[Tensor, "image ..."]:
        every = len(self.images)
        return self.images[(torch.arange(start, start + count) + every // 2) % every]

    def _taps(self) -> list[Tap]:
        places = [self._place(number) for number in range(len(self.layers))]
        return [self._tap(view, [view.layers[place] for place in places]) for view in self.views]

    def _tap(self, view: NetworkView, layers: Sequence[PrunableLayer]) -> Tap:
        return tap(view.graph, lambda: view.state, view.module, layers, self.point)

    def _place(self, number: int) -> int:
        """Return which of the networks' layers one of the chosen is; networks may call it differently."""
        return [layer.name for layer in self.views[0].layers].index(self.layers[number].name)

    def _full(self, name: str, names: Sequence[str]) -> str:
        found = weight_named(name, names)
        if found is None:
            raise TombolaError(f"layers = '{name}': the networks have no such layer{nearest(name, names)}")
        return found


def evaluation_images(
    data: Dataset, part: str = "validation", count: int = IMAGES
) -> tuple[Float[Tensor, "image c h w"], Int64[Tensor, " image"]]:
    """Return the first images of a part, normalised and never augmented, with their labels.

    Raises
    ------
    TombolaError
        If the part does not exist or is empty, or fewer than two images are asked for.
    """
    if part not in get_args(PartName):
        raise TombolaError(f"part = '{part}'{nearest(part, get_args(PartName))}")
    if count < 2:
        raise TombolaError(f"images = {count}: correlations need two images or more")
    samples: Part = getattr(data, part)
    if not len(samples):
        raise TombolaError(f"part = '{part}' of {data.name} is empty; choose another")
    few = samples.take(np.arange(min(count, len(samples))))
    return Prepare(data.normalisation, torch.device("cpu"))(few.images), few.labels


def _rows(values: Float[Tensor, "image ..."], maps: bool) -> Float[Tensor, "image place unit"]:
    if maps and values.ndim > 2:
        values = values.movedim(1, -1)
    return values.reshape(len(values), -1, values.shape[-1])
