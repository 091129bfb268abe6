"""Bootstrap of shares: by image, by worker, or by both at once. Reference: explainability 11.3."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike, NDArray

from tombola.errors import TombolaError
from tombola.study.statistics.clustered import CONFIDENCE
from tombola.study.statistics.covariance import Groups

DRAWS: Final = 5_000
"""Fewer make percentiles that move from seed to seed."""
SEED: Final = 0
CHUNK: Final = 4_000_000
"""Numbers held at once."""

By = Literal["image", "worker", "both"]
WAYS: Final[tuple[By, ...]] = ("image", "worker", "both")
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Percentiles:
    """A bootstrap interval.

    Attributes
    ----------
    low, high
        2.5th and 97.5th percentile over draws; NaN with fewer than two of what is resampled.
    se
        Standard deviation over draws.
    draws
        How many.
    """

    low: float
    high: float
    se: float
    draws: int


def bootstrap_mean(
    values: ArrayLike, worker: Groups, image: Groups, *, by: By = "image", draws: int = DRAWS, seed: int = SEED
) -> Percentiles:
    """Return a percentile interval of the mean of answers.

    Parameters
    ----------
    values
        One number per answer, such as 0 or 1.
    worker, image
        Who answered, and about which image, as numbers.
    by
        What is drawn with replacement: images, workers, or both independently, where an answer counts as often as the
        product of its two. The last counts the noise of single answers twice: it is wider, on the safe side.
    draws
        At least 5,000.
    seed
        Of the stream; equal seeds give equal intervals.

    Raises
    ------
    TombolaError
        If `by` is none of the three or there are too few draws.
    """
    check_draws(by, draws)
    y = np.asarray(values, np.float64)
    return percentiles(draw_means(y, worker, image, by=by, draws=draws, seed=seed), groups_drawn(worker, image, by))


def bootstrap_difference(
    values: ArrayLike,
    first: NDArray[np.bool_],
    worker: Groups,
    image: Groups,
    *,
    by: By = "image",
    draws: int = DRAWS,
    seed: int = SEED,
) -> Percentiles:
    """Return a percentile interval of mean(first) - mean(others), workers and images drawn once for both.

    Parameters and errors as in `bootstrap_mean`; `first` says which answers belong to the first arm.
    """
    check_draws(by, draws)
    y, mine = np.asarray(values, np.float64), np.asarray(first, bool)
    found = draw_means(y, worker, image, by=by, draws=draws, seed=seed, use=mine)
    others = draw_means(y, worker, image, by=by, draws=draws, seed=seed, use=~mine)
    return percentiles(found - others, groups_drawn(worker, image, by))


def draw_means(
    y: Array,
    worker: Groups,
    image: Groups,
    *,
    by: By,
    draws: int,
    seed: int,
    use: NDArray[np.bool_] | None = None,
) -> Float[np.ndarray, " draw"]:
    """Return the mean of each draw; NaN where none of the answers in `use` was drawn."""
    keep = np.ones(len(y)) if use is None else use.astype(np.float64)
    workers, images = (np.unique(groups, return_inverse=True)[1] for groups in (worker, image))
    n_workers, n_images = (int(groups.max(initial=-1)) + 1 for groups in (workers, images))
    if by == "both":
        cells = workers * n_images + images
        totals, counts = (
            np.bincount(cells, weights, n_workers * n_images).reshape(n_workers, n_images)
            for weights in (y * keep, keep)
        )
        parts = [
            (((w @ totals) * i).sum(1), ((w @ counts) * i).sum(1))
            for w, i in zip(
                resamples(n_workers, draws, seed, 1, n_images),
                resamples(n_images, draws, seed, 2, n_images),
                strict=True,
            )
        ]
    else:
        groups, size, stream = (images, n_images, 2) if by == "image" else (workers, n_workers, 1)
        total, count = (np.bincount(groups, weights, size) for weights in (y * keep, keep))
        parts = [(weights @ total, weights @ count) for weights in resamples(size, draws, seed, stream, size)]
    sums, numbers = (np.concatenate(each) for each in zip(*parts, strict=True))
    found = np.full(draws, np.nan)
    np.divide(sums, numbers, out=found, where=numbers > 0)
    return found


def resamples(size: int, draws: int, seed: int, stream: int, width: int) -> Iterator[Float[np.ndarray, "draw group"]]:
    """Yield how often each of `size` groups is drawn, some draws at a time.

    Parameters
    ----------
    size
        Groups; as many are drawn, with replacement.
    draws, seed, stream
        How many draws in all, of which stream of which seed.
    width
        Numbers that a draw takes elsewhere, so that memory stays bounded.
    """
    rng = np.random.default_rng([seed, stream])
    step = max(1, CHUNK // max(width, 1))
    for start in range(0, draws, step):
        count = min(step, draws - start)
        if not size:
            yield np.zeros((count, 0))
            continue
        drawn = rng.integers(size, size=(count, size)) + size * np.arange(count)[:, None]
        yield np.bincount(drawn.ravel(), minlength=count * size).reshape(count, size).astype(np.float64)


def percentiles(drawn: Float[np.ndarray, " draw"], groups: int = 2) -> Percentiles:
    """Return the 95 % percentile interval of draws; unknown where fewer than two groups were drawn from."""
    known = drawn[~np.isnan(drawn)]
    if groups < 2 or len(known) < 2:
        return Percentiles(np.nan, np.nan, np.nan, len(drawn))
    low, high = np.quantile(known, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Percentiles(float(low), float(high), float(known.std(ddof=1)), len(drawn))


def groups_drawn(worker: Int[np.ndarray, " answer"], image: Int[np.ndarray, " answer"], by: By) -> int:
    """Return how many groups there are to draw from; of both, the fewer."""
    found = {"worker": len(np.unique(worker)), "image": len(np.unique(image))}
    return min(found.values()) if by == "both" else found[by]


def check_draws(by: str, draws: int) -> None:
    """Refuse a way that does not exist, and draws too few for percentiles."""
    if by not in WAYS:
        raise TombolaError(f"by = {by!r}: a bootstrap goes by {', '.join(WAYS)}")
    if draws < DRAWS:
        raise TombolaError(f"draws = {draws}: at least {DRAWS:,} are needed for percentiles that can be believed")
