"""The k highest of many numbers, exactly k, step after step."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

MARGIN = 200
"""One in so many numbers lies on either side of the k-th highest within the bracket that is looked through next."""


class Top:
    """Marks the k highest numbers with 1, all others with 0; of equal ones those at lower places go, as in pruning.

    Sorting costs more than the step of a small network. On a CPU the k-th highest number is looked for near where it
    was last, which a few passes can do; if it is not there, among all. The result does not depend on that.
    """

    def __init__(self) -> None:
        self._near, self._width = 0.0, -1.0

    def __call__(self, values: Float[Tensor, " n"], count: int, out: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
        """Write the marks of the `count` highest of finite numbers to `out`, and return it."""
        if count <= 0 or count >= len(values):
            return out.fill_(float(count > 0))
        if values.device.type != "cpu":
            return _on_device(values, count, out)
        numbers = values.detach().numpy()
        kth, above, tied = self._bracketed(numbers, count) or self._searched(numbers, count)
        torch.gt(values.detach(), kth, out=out)
        out[torch.from_numpy(tied[len(tied) - (count - above) :])] = 1
        return out

    def _bracketed(self, numbers: np.ndarray, count: int) -> tuple[float, int, np.ndarray] | None:
        """Return the k-th highest number, how many are higher, and where it stands, if it is near where it was."""
        if self._width < 0:
            return None
        low, high = numbers.dtype.type(self._near - self._width), numbers.dtype.type(self._near + self._width)
        above = int(np.count_nonzero(numbers > high))
        places = np.flatnonzero((numbers >= low) & (numbers <= high))
        if not above < count <= above + len(places):
            return None
        if len(places) > len(numbers) // (MARGIN // 8):
            self._width /= 2
        return self._ranked(numbers[places], places, count - above, above)

    def _searched(self, numbers: np.ndarray, count: int) -> tuple[float, int, np.ndarray]:
        place, margin, last = len(numbers) - count, len(numbers) // MARGIN + 1, len(numbers) - 1
        low, high = max(place - margin, 0), min(place + margin, last)
        sorted_there = np.partition(numbers, sorted({low, place, high}))
        kth = sorted_there[place]
        self._width = float(max(sorted_there[high] - kth, kth - sorted_there[low]))
        self._near = float(kth)
        return float(kth), int(np.count_nonzero(numbers > kth)), np.flatnonzero(numbers == kth)

    def _ranked(self, near: np.ndarray, places: np.ndarray, count: int, above: int) -> tuple[float, int, np.ndarray]:
        kth = np.partition(near, len(near) - count)[len(near) - count]
        self._near = float(kth)
        return float(kth), above + int(np.count_nonzero(near > kth)), places[near == kth]


def _on_device(values: Tensor, count: int, out: Tensor) -> Tensor:
    kth = torch.topk(values.detach(), count, sorted=False).values.min()
    torch.gt(values.detach(), kth, out=out)
    tied = (values == kth).nonzero().squeeze(1)
    missing = count - int(torch.count_nonzero(out))
    out[tied[len(tied) - missing :]] = 1
    return out


class LayerTop:
    """`Top`, layer by layer, each with a count of its own.

    Parameters
    ----------
    sizes
        How many numbers each layer has.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self._sizes, self._tops = list(sizes), [Top() for _ in sizes]

    def __call__(self, values: Tensor, counts: Sequence[int], out: Tensor) -> Tensor:
        """Write the marks of every layer's highest numbers to `out`, and return it."""
        parts = zip(self._tops, torch.split(values, self._sizes), counts, torch.split(out, self._sizes), strict=True)
        for top, part, count, marks in parts:
            top(part, count, marks)
        return out
