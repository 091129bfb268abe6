"""One network and the images it is asked about: passes over them, and the sums that methods come to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from tombola.analysis.contributions.hooks import ModuleReplay
from tombola.analysis.contributions.methods import Question, Reading, methods
from tombola.analysis.contributions.replay import GraphReplay, Replay
from tombola.analysis.material import NetworkView
from tombola.analysis.signs.wiring import Reader, readers
from tombola.data.batches import Chunks, Prepare
from tombola.data.dataset import Dataset, Part
from tombola.errors import TombolaError
from tombola.networks.graph_nodes import Node
from tombola.training.placement import find_device, products

CHUNK = 64
"""Images of one pass: few enough to stay in cache (measured on Conv-2); results do not depend on it."""

Sums = Float[np.ndarray, "half class unit"]


@dataclass(frozen=True)
class Images:
    """Normalised images with their classes.

    Attributes
    ----------
    batches
        Pairs of images ``(n, c, h, w)`` and labels; results do not depend on how they are divided.
    classes
        How many classes there are.
    """

    batches: Sequence[tuple[Float[Tensor, "image ..."], Int[Tensor, " image"]]]
    classes: int

    @classmethod
    def of(cls, data: Dataset, part: str = "test", most: int = 0, dtype: torch.dtype = torch.float32) -> "Images":
        """Return images of a data set, evenly spaced ones where there are more than `most` (0: all).

        Raises
        ------
        TombolaError
            If there is no such part, or it is empty.
        """
        parts = {"train": data.train, "validation": data.validation, "test": data.test}
        if part not in parts or not len(parts[part]):
            filled = [name for name, samples in parts.items() if len(samples)]
            raise TombolaError(f"part = '{part}': {data.name} has {', '.join(filled)}; choose one of them")
        samples: Part = parts[part]
        if 0 < most < len(samples):
            # evenly, because sets that come in folders are sorted by class
            samples = samples.take(np.arange(most, dtype=np.int64) * len(samples) // most)
        prepare = Prepare(data.normalisation, torch.device("cpu"), dtype)
        return cls(tuple(Chunks(samples, CHUNK, prepare, torch.device("cpu"))), len(data.classes))

    def __len__(self) -> int:
        return sum(len(labels) for _, labels in self.batches)


class Scene:
    """One network before images.

    Parameters
    ----------
    view
        The network; its state is taken as it is.
    images
        What it is shown.
    device
        Where to compute: ``auto``, ``cpu``, ``cuda``.
    hooks
        Run the module with forward hooks even where its layer graph is known.
    """

    def __init__(self, view: NetworkView, images: Images, device: str = "cpu", hooks: bool = False) -> None:
        self.view, self._images = view, images
        self._device = find_device(device)
        self._dtype = images.batches[0][0].dtype if images.batches else torch.float32
        self._hooks = hooks
        self._readers = readers(view)
        self._hidden = tuple(layer for layer in view.layers if self._readers.get(layer.name))

    @property
    def layers(self) -> dict[str, int]:
        """Hidden layers, those that another layer reads, with their numbers of units."""
        return {layer.name: layer.shape[0] for layer in self._hidden}

    def sums(self, names: Sequence[str]) -> dict[tuple[str, str], Sums]:
        """Return what each method says of each unit, added up over images: (method, layer) -> sums.

        Sums are kept by true class, and apart for images at even and odd places, whose agreement tells how much of a
        ranking is luck.
        """
        asked = {name: methods[name] for name in names}
        units = self.layers
        total = {
            (name, layer): torch.zeros(2, self._images.classes, count, dtype=torch.float64)
            for name in asked
            for layer, count in units.items()
        }
        place = 0
        with products(self._device, "fp32"):
            for replay, images, labels in self._passes():
                half = (torch.arange(len(labels)) + place) % 2
                place += len(labels)
                for layer, count in units.items():
                    question = Question(replay, labels, layer, count, self._readings[layer], images, self._module_maker)
                    for name, method in asked.items():
                        scores = method.answer(question).detach().to("cpu", torch.float64)
                        total[name, layer].index_put_((half, labels.cpu()), scores, accumulate=True)
        return {key: value.numpy() for key, value in total.items()}

    def _passes(self) -> Iterator[tuple[Replay, Tensor, Tensor]]:
        graph = None if self._hooks else self.view.graph
        module = self._module() if graph is None else None
        for images, labels in self._images.batches:
            here = images.to(self._device), labels.to(self._device)
            if graph is not None:
                yield GraphReplay(graph, self._tensors, here[0]), *here
            elif module is not None:
                yield ModuleReplay(module, self._readers, here[0]), *here

    def _module(self) -> nn.Module:
        return self.view.module().to(self._device, self._dtype).requires_grad_(False)

    @property
    def _module_maker(self) -> "partial[nn.Module] | None":
        return None if self.view.build is None else partial(self._module)

    @cached_property
    def _tensors(self) -> dict[str, Tensor]:
        def placed(tensor: Tensor) -> Tensor:
            return tensor.to(self._device, self._dtype if tensor.is_floating_point() else tensor.dtype)

        return {name: placed(tensor) for name, tensor in self.view.state.items()}

    @cached_property
    def _readings(self) -> dict[str, list[Reading]]:
        return {layer: [self._reading(reader) for reader in self._readers[layer]] for layer in self.layers}

    def _reading(self, reader: Reader) -> Reading:
        keep = self.view.mask[reader.layer] if reader.layer in self.view.mask else self._unpruned(reader.layer)
        return Reading(reader, self._nodes[reader.layer], keep.to(self._device))

    def _unpruned(self, layer: str) -> Tensor:
        return torch.ones(self.view.state[layer].shape, dtype=torch.bool)

    @cached_property
    def _nodes(self) -> dict[str, Node]:
        if self.view.graph is not None:
            return {node.weight: node for node in self.view.graph if node.weight is not None}
        module = self.view.module()
        return {name: _node(module.get_submodule(name.removesuffix(".weight"))) for name in self._readers}


def _node(part: nn.Module) -> Node:
    """Return a layer as the operation it is."""
    if isinstance(part, nn.Linear):
        return Node("linear")
    if not isinstance(part, nn.Conv2d) or part.padding_mode != "zeros":
        raise TombolaError(f"a {type(part).__name__} is neither a linear layer nor a convolution padded with zeros")
    padding = part.padding
    if padding == "valid":
        padding = (0, 0)
    elif isinstance(padding, str):
        around = [step * (size - 1) for step, size in zip(part.dilation, part.kernel_size, strict=True)]
        if any(pixels % 2 for pixels in around):
            raise TombolaError("a convolution with an even kernel and padding 'same' is analysed with its graph only")
        padding = tuple(pixels // 2 for pixels in around)
    values = (("dilation", part.dilation), ("groups", part.groups), ("padding", padding), ("stride", part.stride))
    return Node("conv", attributes=values)
