"""A pass by forward hooks, for networks whose layer graph is not known. Every hook is removed, whatever happens."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor, nn

from tombola.analysis.signs.wiring import Reader
from tombola.errors import TombolaError

Seen = dict[tuple[str, str], Tensor]


class ModuleReplay:
    """A pass of any module: each change runs the whole network again, with one value replaced.

    What a layer's units pass on is what the layer behind it takes.

    Parameters
    ----------
    module
        In evaluation mode.
    readers
        Who reads each layer (`tombola.analysis.signs.wiring.readers`); one reader each.
    images
        A batch, normalised.

    Raises
    ------
    TombolaError
        If a layer is called twice, or not at all, in one pass.
    """

    def __init__(
        self, module: nn.Module, readers: Mapping[str, tuple[Reader, ...]], images: Float[Tensor, "image ..."]
    ) -> None:
        self._module, self._readers, self._images = module, readers, images
        self.memory: dict[Any, Any] = {}
        self._seen: Seen = {}
        with torch.no_grad(), self._watched():
            module(images)
        for layer in readers:
            if (layer, "taken") not in self._seen:
                raise TombolaError(f"layer '{layer}' is not called in a pass; leave it out of network.prunable")

    def taken(self, layer: str) -> Tensor:
        """See `Replay`."""
        return self._seen[layer, "taken"]

    def returned(self, layer: str) -> Tensor:
        """See `Replay`."""
        return self._seen[layer, "returned"]

    def units(self, layer: str) -> Tensor:
        """See `Replay`."""
        return self.taken(self._reader(layer).layer)

    def owners(self, layer: str) -> NDArray[np.int64]:
        """See `Replay`."""
        return self._reader(layer).units

    def from_returned(self, layer: str, value: Tensor) -> Tensor:
        """See `Replay`."""
        part = self._module.get_submodule(layer.removesuffix(".weight"))
        with removed(part.register_forward_hook(lambda *_: value)):
            return self._module(self._images)  # type: ignore[no-any-return]

    def from_units(self, layer: str, value: Tensor) -> Tensor:
        """See `Replay`."""
        part = self._module.get_submodule(self._reader(layer).layer.removesuffix(".weight"))
        with removed(part.register_forward_pre_hook(lambda *_: (value,))):
            return self._module(self._images)  # type: ignore[no-any-return]

    def without(self, layer: str, unit: int) -> Tensor:
        """See `Replay`."""
        value = self.units(layer).clone()
        value[:, torch.from_numpy(self.owners(layer) == unit).to(value.device)] = 0
        return self.from_units(layer, value)

    def _reader(self, layer: str) -> Reader:
        if len(self._readers[layer]) != 1:
            raise TombolaError(f"layer '{layer}' is read by {len(self._readers[layer])} layers; its graph is needed")
        return self._readers[layer][0]

    @contextmanager
    def _watched(self) -> Iterator[None]:
        handles: list[Any] = []
        try:
            for layer in self._readers:
                part = self._module.get_submodule(layer.removesuffix(".weight"))
                handles.append(part.register_forward_hook(self._noting(layer)))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _noting(self, layer: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def note(_: nn.Module, taken: tuple[Tensor, ...], returned: Tensor) -> None:
            if (layer, "taken") in self._seen:
                raise TombolaError(f"layer '{layer}' is called twice in one pass; it is analysed with its graph only")
            self._seen[layer, "taken"], self._seen[layer, "returned"] = taken[0].detach(), returned.detach()

        return note


@contextmanager
def removed(handle: Any) -> Iterator[None]:
    """Remove a hook at the end."""
    try:
        yield
    finally:
        handle.remove()
