"""What scores cost: counted while a mask is being found."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from tombola.pruning.context import Batches


@dataclass
class Tally:
    """What finding one mask took.

    Attributes
    ----------
    networks
        How often scores took the network to compute with.
    passes
        How often scores went through the images.
    batches
        How many batches went through the network for that.
    images
        Different images they saw.
    """

    networks: int = 0
    passes: int = 0
    batches: int = 0
    images: int = 0
    begun: float = field(default_factory=time.perf_counter)

    def report(self, **more: Any) -> dict[str, Any]:
        """Return the costs as plain data, for ``job.json``."""
        seconds = round(time.perf_counter() - self.begun, 3)
        return {**more, "seconds": seconds, "passes": self.passes, "batches": self.batches, "images": self.images}


class CountedBatches:
    """Batches that are counted as they are gone through."""

    def __init__(self, batches: Batches, tally: Tally) -> None:
        self._batches, self._tally = batches, tally

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        self._tally.passes += 1
        seen = 0
        for images, labels in self._batches:
            self._tally.batches += 1
            seen += len(labels)
            self._tally.images = max(self._tally.images, seen)
            yield images, labels
