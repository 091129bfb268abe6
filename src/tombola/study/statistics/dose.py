"""How an outcome changes with the compression rate. Reference: explainability 11.8."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import scipy  # scipy.stats takes a second to load, which happens where it is first used
from jaxtyping import Float
from numpy.typing import NDArray

from tombola.errors import TombolaError
from tombola.study.statistics.bootstrap import DRAWS, SEED, check_draws, percentiles, resamples
from tombola.study.statistics.clustered import CONFIDENCE

RATES: Final = 4
REPLICATES: Final = 5
CAVEAT: Final = (
    "With {replicates} this cannot separate pruning from another training run: at least "
    f"{REPLICATES} replicates are needed before a difference can be put down to the compression rate."
)
COLUMNS: Final = ("contrast", "by", "estimate", "se", "low", "high", "groups")
CONTRASTS: Final = ("linear", "quadratic")
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DoseResponse:
    """Linear and quadratic contrasts of an outcome in log2 of the rate.

    Attributes
    ----------
    means
        ``rate, replicates, images, mean``.
    table
        Columns `COLUMNS`: contrasts ``linear`` (change per doubling) and ``quadratic`` (coefficient of log2² in a
        parabola: below 0 for a sweet spot), with intervals over replicates, images, and both; ``groups`` says how many.
    peak
        Rate at which the parabola is largest; NaN where it has no maximum within the rates.
    replicates
        How many replicates have every rate.
    caveat
        What must be printed beside it; "" with five replicates or more.
    """

    means: pd.DataFrame
    table: pd.DataFrame
    peak: float
    replicates: int
    caveat: str


def dose_response(values: pd.DataFrame, *, draws: int = DRAWS, seed: int = SEED) -> DoseResponse:
    """Return whether an outcome rises, falls, or has a sweet spot along log2 of the compression rate.

    Least squares through the rates' means, each rate weighing the same: the linear coefficient of a straight line, the
    quadratic one of a parabola. Intervals over

    - replicates: Student's t of the coefficient within each replicate that has every rate (its levels share their
      beginning, so they are paired);
    - images: percentiles over resampled images, the same for all rates and replicates;
    - both: the two variances added, with the t of the replicates.

    Parameters
    ----------
    values
        Columns ``rate, replicate, image, value``, a row per answer, as `outcomes_by_dose` returns them.
    draws, seed
        Of the bootstrap over images, at least 5,000.

    Raises
    ------
    TombolaError
        If there are fewer than four rates, or a rate below 1.
    """
    check_draws("image", draws)
    rates = np.sort(values.rate.unique().astype(np.float64))
    if len(rates) < RATES:
        raise TombolaError(f"a dose response needs at least {RATES} compression rates; these answers have {len(rates)}")
    if rates[0] < 1:
        raise TombolaError(f"compression rate {rates[0]:g} is below 1; a rate is 1 / density")
    sums, counts = _cells(values, rates)
    contrasts, point = _contrasts(np.log2(rates)), _means(sums.sum((1, 2)), counts.sum((1, 2)))
    within = _means(sums.sum(2), counts.sum(2))
    complete = within[:, ~np.isnan(within).any(0)]
    replicates, images = complete.shape[1], sums.shape[2]
    drawn = np.concatenate([_by_image(w, sums, counts) for w in resamples(images, draws, seed, 2, images)])
    rows = []
    for name, contrast in zip(CONTRASTS, contrasts, strict=True):
        estimate, by_image = float(contrast @ point), percentiles(drawn @ contrast, images)
        each = contrast @ complete
        se = float(each.std(ddof=1) / np.sqrt(replicates)) if replicates > 1 else np.nan
        over_both = float(np.sqrt(se**2 + by_image.se**2))
        rows.append(
            (
                name,
                "replicate",
                estimate,
                se,
                *_student(float(each.mean()) if replicates else np.nan, se, replicates),
                replicates,
            )
        )
        rows.append((name, "image", estimate, by_image.se, by_image.low, by_image.high, images))
        rows.append((name, "both", estimate, over_both, *_student(estimate, over_both, replicates), replicates))
    there = counts > 0
    numbers = {"replicates": there.any(2).sum(1), "images": there.any(1).sum(1)}
    means = pd.DataFrame({"rate": rates, **numbers, "mean": point})
    caveat = "" if replicates >= REPLICATES else CAVEAT.format(replicates=_networks(replicates))
    return DoseResponse(means, pd.DataFrame(rows, columns=list(COLUMNS)), _peak(rates, point), replicates, caveat)


def _networks(replicates: int) -> str:
    return "one network per rate" if replicates == 1 else f"{replicates} replicates that have every rate"


def _cells(values: pd.DataFrame, rates: Array) -> tuple[Array, Array]:
    """Return sums and counts of answers, ``(rate, replicate, image)``."""
    rate = np.searchsorted(rates, values.rate.to_numpy(np.float64))
    replicate, image = (pd.factorize(values[name])[0] for name in ("replicate", "image"))
    shape = (len(rates), int(replicate.max()) + 1, int(image.max()) + 1)
    place, size = np.ravel_multi_index((rate, replicate, image), shape), int(np.prod(shape))
    sums, counts = np.zeros(size), np.zeros(size)
    np.add.at(sums, place, values.value.to_numpy(np.float64))
    np.add.at(counts, place, 1.0)
    return sums.reshape(shape), counts.reshape(shape)


def _contrasts(x: Array) -> Float[np.ndarray, "contrast rate"]:
    line = np.linalg.pinv(np.stack([np.ones_like(x), x], 1))[1]
    parabola = np.linalg.pinv(np.stack([np.ones_like(x), x, x**2], 1))[2]
    return np.stack([line, parabola])


def _means(totals: Array, numbers: Array) -> Array:
    found = np.full(totals.shape, np.nan)
    np.divide(totals, numbers, out=found, where=numbers > 0)
    return found


def _by_image(weights: Float[np.ndarray, "draw image"], sums: Array, counts: Array) -> Float[np.ndarray, "draw rate"]:
    return _means(weights @ sums.sum(1).T, weights @ counts.sum(1).T)


def _student(value: float, se: float, n: int) -> tuple[float, float]:
    if n < 2:
        return np.nan, np.nan
    half = float(scipy.stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)) * se
    return value - half, value + half


def _peak(rates: Array, means: Array) -> float:
    """Return the rate at the top of the parabola through the means, if it lies among the rates."""
    x = np.log2(rates)
    a, b, _ = np.polyfit(x, means, 2)
    top = -b / (2 * a) if a < 0 else np.nan
    return float(2**top) if a < 0 and x[0] < top < x[-1] else float("nan")
