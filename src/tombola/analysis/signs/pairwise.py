"""Distances between all pairs of networks at once, with their finite-sample floors."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from tombola.analysis.signs.floors import NO_FLOOR, Floor, Splits, floor_of
from tombola.analysis.signs.measures.between import bin_of
from tombola.analysis.signs.measures.registry import BINS, Measure

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Matrices:
    """Distances of one measure between all pairs of samples.

    Attributes
    ----------
    values
        Distances; zero on the diagonal, NaN where a sample is empty.
    floor_mean, floor_high
        Their floors; NaN where none were asked for, and on the diagonal.
    """

    values: Float[np.ndarray, "network network"]
    floor_mean: Float[np.ndarray, "network network"]
    floor_high: Float[np.ndarray, "network network"]


def one_variable(
    samples: Sequence[Array], chosen: Sequence[Measure], splits: Splits, bins: int = BINS
) -> dict[str, Matrices]:
    """Return the distances between all pairs of samples of one variable, by measure.

    Parameters
    ----------
    samples
        Values of each network, without NaN.
    chosen
        Measures of one variable.
    splits
        For floors.
    bins
        Of measures on bins.
    """
    found = _Collected(len(samples), chosen)
    parts = [np.unique(sample, return_counts=True) for sample in samples]
    for i in range(len(samples)):
        for j in range(i + 1, len(samples)):
            if len(samples[i]) and len(samples[j]):
                _pair(found, i, j, parts[i], parts[j], chosen, splits, bins)
    return found.matrices()


def whole_rows(
    samples: Sequence[Array], chosen: Sequence[Measure], scale: Array, splits: Splits
) -> dict[str, Matrices]:
    """Return the distances between all pairs of samples of rows, by measure; parameters as in `one_variable`."""
    found = _Collected(len(samples), chosen)
    for i in range(len(samples)):
        for j in range(i + 1, len(samples)):
            n, m = len(samples[i]), len(samples[j])
            if not n or not m:
                continue
            pooled, first = np.concatenate([samples[i], samples[j]]), np.arange(n + m) < n
            drawn = splits.firsts(n, m) if splits else None
            for measure in chosen:
                if measure.rows is None:
                    continue
                compare = measure.rows(pooled, scale)
                value = float(compare(first / n, ~first / m))
                floor = NO_FLOOR if drawn is None else floor_of(compare(drawn / n, ~drawn / m))
                found.keep(measure, i, j, value, floor, value)
    return found.matrices()


def _pair(
    found: "_Collected",
    i: int,
    j: int,
    first: tuple[Array, NDArray[np.intp]],
    second: tuple[Array, NDArray[np.intp]],
    chosen: Sequence[Measure],
    splits: Splits,
    bins: int,
) -> None:
    v = np.union1d(first[0], second[0])
    counts = np.zeros((2, len(v)), np.int64)
    counts[0, np.searchsorted(v, first[0])] = first[1]
    counts[1, np.searchsorted(v, second[0])] = second[1]
    drawn = _drawn_counts(splits, counts) if splits else None
    ends = {"values": (v, np.arange(1, len(v) + 1))}
    if any(measure.frequencies is not None and measure.support == "bins" for measure in chosen):
        last = np.searchsorted(bin_of(v, bins), np.arange(bins), side="right")
        ends["bins"] = (np.arange(bins) / bins, last)
    views = {support: _View(values, counts, drawn, last) for support, (values, last) in ends.items()}
    for measure in chosen:
        found.keep(measure, i, j, *views[measure.support].distances(measure))


class _View:
    """Counts of two samples on one support, and of their random splits."""

    def __init__(
        self, v: Array, counts: NDArray[np.int64], drawn: NDArray[np.int64] | None, ends: NDArray[np.intp]
    ) -> None:
        self._v = v
        self._a, self._b = _between(counts.cumsum(1), ends)
        self._split = None if drawn is None else _between(drawn, ends)

    def distances(self, measure: Measure) -> tuple[float, Floor, float]:
        """Return the distance, its floor, and the distance in the other order."""
        value = float(measure.between(self._v, self._a, self._b))
        back = value if measure.symmetric else float(measure.between(self._v, self._b, self._a))
        if self._split is None:
            return value, NO_FLOOR, back
        if measure.frequencies is not None and self._few is not None:
            return value, floor_of(measure.frequencies(*self._few)), back
        return value, floor_of(measure.between(self._v, self._split, self._a + self._b - self._split)), back

    @cached_property
    def _few(self) -> tuple[Array, Array, Array] | None:
        """Return the different pairs of frequencies in all splits and how often each occurs; None if there are many."""
        if self._split is None:
            return None
        total = self._a + self._b
        wide = int(total.max()) + 1
        if wide * wide > len(total):
            return None
        code = self._split * wide + total - self._split
        code += wide * wide * np.arange(len(code))[:, None]
        times = np.bincount(code.ravel(), minlength=wide * wide * len(code)).reshape(len(code), -1)
        pairs = np.flatnonzero(times.any(0))
        first, second = np.divmod(pairs, wide)
        return first / self._a.sum(), second / self._b.sum(), times[:, pairs].astype(np.float64)


def _drawn_counts(splits: Splits, counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many of the first sample's units lie at or below each distinct value, split by split."""
    drawn = np.cumsum(splits.firsts(int(counts[0].sum()), int(counts[1].sum())), axis=1, dtype=np.int32)
    return drawn[:, counts.sum(0).cumsum() - 1].astype(np.int64)


def _between(cumulated: NDArray[np.int64], ends: NDArray[np.intp]) -> NDArray[np.int64]:
    """Return counts between ends, from counts at or below each distinct value."""
    below = np.concatenate([np.zeros((len(cumulated), 1), np.int64), cumulated], axis=1)
    return np.diff(below[:, ends], axis=1, prepend=0)


class _Collected:
    """Matrices being filled."""

    def __init__(self, networks: int, chosen: Sequence[Measure]) -> None:
        self._found = {measure.name: np.full((3, networks, networks), np.nan) for measure in chosen}
        for matrices in self._found.values():
            np.fill_diagonal(matrices[0], 0.0)

    def keep(self, measure: Measure, i: int, j: int, value: float, floor: Floor, back: float) -> None:
        matrices = self._found[measure.name]
        matrices[:, i, j], matrices[:, j, i] = (value, floor.mean, floor.high), (back, floor.mean, floor.high)

    def matrices(self) -> dict[str, Matrices]:
        return {name: Matrices(*matrices) for name, matrices in self._found.items()}
