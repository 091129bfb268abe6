"""Covariances of estimates whose answers share workers and images.

Reference: explainability 11.1; Cameron, Gelbach & Miller 2011, Robust inference with multiway clustering.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

Groups = Int[np.ndarray, " answer"]


@dataclass(frozen=True)
class Variance:
    """A two-way clustered variance and its parts.

    Attributes
    ----------
    value
        worker + image - both, or the larger of the first two if that is not positive.
    worker, image, both
        Clustered by worker, by image, and by worker and image together.
    fallback
        Whether the sum was not positive.
    """

    value: float
    worker: float
    image: float
    both: float
    fallback: bool


def covariance(
    influence: Float[np.ndarray, "answer parameter"], groups: Groups, *, cr1: bool = False
) -> Float[np.ndarray, "parameter parameter"]:
    """Return Σ_g (Σ_{i in g} influence_i)(Σ_{i in g} influence_i)ᵀ, the covariance clustered one way.

    Parameters
    ----------
    influence
        How far each answer moves each parameter: estimate - truth is about its sum over answers.
    groups
        Which answers belong together, as numbers.
    cr1
        Multiply by G / (G - 1) for G groups (the CR1 correction; with many answers its other factor is 1).
    """
    names, place = np.unique(np.asarray(groups), return_inverse=True)
    sums = np.zeros((len(names), influence.shape[1]))
    np.add.at(sums, place, influence)
    factor = len(names) / (len(names) - 1) if cr1 and len(names) > 1 else 1.0
    found: NDArray[np.float64] = factor * sums.T @ sums
    return found


def two_way_covariance(
    influence: Float[np.ndarray, "answer parameter"], worker: Groups, image: Groups, *, cr1: bool = False
) -> tuple[Float[np.ndarray, "parameter parameter"], bool]:
    """Return V_worker + V_image - V_both, and whether it had to be replaced.

    Where it has an eigenvalue that is not positive it is no covariance, and that of the two one-way ones with the
    larger trace stands in its place.
    """
    by_worker, by_image, by_both = (
        covariance(influence, groups, cr1=cr1) for groups in (worker, image, crossed(worker, image))
    )
    found = by_worker + by_image - by_both
    scale = max(float(np.abs(found).max(initial=0.0)), 1e-300)
    if len(found) == 0 or np.linalg.eigvalsh(found).min() > -1e-12 * scale:
        return found, False
    return (by_worker if np.trace(by_worker) >= np.trace(by_image) else by_image), True


def two_way_variance(
    influence: Float[np.ndarray, " answer"], worker: Groups, image: Groups, *, cr1: bool = False
) -> Variance:
    """Return the two-way clustered variance of one estimate: V = V_worker + V_image - V_both (11.1).

    A sum that is not positive falls back to the larger of the first two and says so.
    """
    by_worker, by_image, by_both = (
        float(covariance(influence[:, None], groups, cr1=cr1)[0, 0])
        for groups in (worker, image, crossed(worker, image))
    )
    value = by_worker + by_image - by_both
    fallback = value <= 1e-15 * max(by_worker, by_image, by_both)
    return Variance(max(by_worker, by_image) if fallback else value, by_worker, by_image, by_both, fallback)


def crossed(worker: Groups, image: Groups) -> NDArray[np.int64]:
    """Return groups of answers that share both."""
    return np.unique(np.stack([worker, image], 1), axis=0, return_inverse=True)[1].ravel()
