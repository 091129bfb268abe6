"""Layers as bipartite graphs: spectral gap, and whether they expand as well as Ramanujan graphs do."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool
from numpy.typing import NDArray


@dataclass(frozen=True)
class Spectrum:
    """The largest eigenvalues of a layer's bipartite graph; nodes without survivors do not count.

    Attributes
    ----------
    first, second
        Largest and second largest eigenvalue of the adjacency matrix: singular values of the mask.
    bound
        Of the second one in a Ramanujan graph of these mean degrees: the root of (mean degree of units - 1) plus the
        root of (mean degree of inputs - 1) (Hoory 2005; Pal et al. 2022).
    """

    first: float
    second: float
    bound: float

    @property
    def gap(self) -> float:
        """Spectral gap: first less second. The larger, the faster walks mix."""
        return self.first - self.second

    @property
    def ramanujan_gap(self) -> float:
        """Bound less second: at least 0 for graphs that expand as well as any."""
        return self.bound - self.second


def spectrum(keep: Bool[NDArray[np.bool_], "unit input ..."]) -> Spectrum:
    """Return the spectrum of a layer, units on one side, what they read (channels and taps) on the other.

    An empty layer has NaN.
    """
    graph = np.asarray(keep, np.float64).reshape(len(keep), -1)
    graph = graph[graph.any(1)][:, graph.any(0)]
    if not graph.size:
        return Spectrum(float("nan"), float("nan"), float("nan"))
    small = graph if graph.shape[0] <= graph.shape[1] else graph.T
    values = np.sqrt(np.clip(np.linalg.eigvalsh(small @ small.T)[::-1], 0, None))
    mean = graph.sum() / np.array(graph.shape)
    bound = float(np.sqrt(np.maximum(mean - 1, 0)).sum())
    return Spectrum(float(values[0]), float(values[1]) if len(values) > 1 else 0.0, bound)
