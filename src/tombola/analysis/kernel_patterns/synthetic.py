"""Kernels pruned with one property dialled in and all else at random (signs reference, section 12.6)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Int8

from tombola.analysis.kernel_patterns.cooccurrence import Kind
from tombola.errors import TombolaError

Together = dict[Kind, Int[np.ndarray, "place other"]]


@dataclass(frozen=True)
class Dials:
    """Properties of a synthetic layer.

    Attributes
    ----------
    spread
        Standard deviation of survivors per filter; None places survivors at random in the whole layer.
    ratio
        Positive survivors per negative one.
    grouping
        How much places and signs follow a reference's co-occurrences: 0 not at all, 1 entirely.
    """

    spread: float | None = None
    ratio: float = 1.0
    grouping: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.grouping <= 1 or self.ratio <= 0 or (self.spread is not None and self.spread < 0):
            raise TombolaError(f"{self}: grouping lies in [0, 1], ratio is positive, spread not negative")


def synthetic(
    shape: tuple[int, int, int, int], kept: int, dials: Dials, together: Together, random: np.random.Generator
) -> Int8[np.ndarray, "filter channel height width"]:
    """Return the signs of one synthetic layer.

    Survivors are placed without replacement, so that none is lost. With a spread, filters keep round(N(mean, spread))
    each, so that their total only nearly is `kept`.

    Parameters
    ----------
    shape
        (filters, channels, height, width).
    kept
        Survivors of the layer.
    dials
        What is dialled in.
    together
        Co-occurrences of the reference, as from `cooccurrence`.
    random
        The generator.
    """
    filters, channels, places = shape[0], shape[1], shape[2] * shape[3]
    if dials.spread is None:
        sizes = random.multivariate_hypergeometric([channels * places] * filters, kept)
    else:
        drawn = random.normal(kept / filters, dials.spread, filters)
        sizes = np.clip(np.rint(drawn), 0, channels * places).astype(int)
    per_kernel = np.stack([random.multivariate_hypergeometric([places] * channels, size) for size in sizes])
    return _filled(per_kernel.ravel(), places, dials, together, random).reshape(shape)


def _filled(
    sizes: Int[np.ndarray, " kernel"], places: int, dials: Dials, together: Together, random: np.random.Generator
) -> Int8[np.ndarray, "kernel place"]:
    """Fill all kernels weight by weight: each depends on those that are there."""
    positive = dials.ratio / (1 + dials.ratio)
    plain = np.concatenate([np.full(places, positive), np.full(places, 1 - positive)]) / places
    alone, given = _chances(together, positive)
    signs = np.zeros((len(sizes), places), np.int8)
    heard = np.zeros((len(sizes), 2 * places))
    for turn in range(int(sizes.max(initial=0))):
        open_ = np.flatnonzero(sizes > turn)
        followed = heard[open_] / turn if turn else np.tile(alone, (len(open_), 1))
        chances = (1 - dials.grouping) * plain + dials.grouping * followed
        chances = chances * np.tile(signs[open_] == 0, (1, 2))
        # where a reference knows no partner at all, any free place will do
        lost = chances.sum(1) <= 0
        chances[lost] = np.tile(signs[open_][lost] == 0, (1, 2)) * plain
        edges = np.cumsum(chances, axis=1)
        picked = (edges < random.random(len(open_))[:, None] * edges[:, -1:]).sum(1)
        signs[open_, picked % places] = np.where(picked < places, 1, -1)
        heard[open_] += given[picked]
    return signs


def _chances(
    together: Together, positive: float
) -> tuple[Float[np.ndarray, " choice"], Float[np.ndarray, "choice choice"]]:
    """Return the reference's chances of (sign, place), alone and given another weight, at another balance of signs."""
    table = np.block([[together["pos_pos"], together["pos_neg"]], [together["neg_pos"], together["neg_neg"]]])
    table = table.astype(float)
    alone = np.diag(table).copy()
    places = len(alone) // 2
    shares = np.array([alone[:places].sum(), alone[places:].sum()])
    wanted = np.array([positive, 1 - positive]) * max(shares.sum(), 1)
    scale = np.repeat(np.where(shares > 0, wanted / np.where(shares > 0, shares, 1), 0), places)
    np.fill_diagonal(table, 0)
    given = table * scale
    sums = given.sum(1, keepdims=True)
    total = (alone * scale).sum()
    return alone * scale / (total or 1), np.where(sums > 0, given / np.where(sums > 0, sums, 1), 0)
