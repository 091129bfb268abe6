"""How many units of one network it takes to predict a unit of another: sparse (L1) mappings (Li et al. 2015, 3.3)."""

from dataclasses import dataclass
from warnings import catch_warnings, simplefilter

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from tombola.analysis.features.moments import Moments

MOST = 10
"""Predictors at most."""


@dataclass(frozen=True)
class Predicted:
    """Prediction of the units of one network by few units of another.

    Attributes
    ----------
    fitted
        Share of variance explained on the images the predictors were chosen with, by units and number of predictors
        (from 1 on); NaN for dead units.
    held_out
        The same weights on other images; below 0 is worse than the mean.
    """

    fitted: Float[NDArray[np.float64], "unit predictors"]
    held_out: Float[NDArray[np.float64], "unit predictors"]


def sparse_prediction(
    fit: Moments, judge: Moments, source: int, target: int, *, most: int = MOST, ignore_diagonal: bool = False
) -> Predicted:
    """Return how well each unit of a network is predicted by 1, 2, … units of another.

    Units are chosen on the Lasso path (least angle regression from correlations; scikit-learn), where a unit may leave
    again; for each number of predictors the last point of the path with so many is taken, and their weights are fitted
    anew without penalty.

    Parameters
    ----------
    fit, judge
        Moments over two sets of images.
    source, target
        The network that predicts, the one that is predicted.
    most
        Predictors at most.
    ignore_diagonal
        Within a network: no unit predicts itself.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import lars_path_gram

    rows = np.flatnonzero(fit.alive(source) & judge.alive(source))
    found = [np.full((fit.sizes[target], most), np.nan) for _ in range(2)]
    scale = np.sqrt(np.diagonal(fit.covariance(source, source))[rows])
    own, other = [m.covariance(source, source)[np.ix_(rows, rows)] for m in (fit, judge)]
    cross = [m.covariance(source, target)[rows] for m in (fit, judge)]
    variance = [np.diagonal(m.covariance(target, target)) for m in (fit, judge)]
    for unit in np.flatnonzero(fit.alive(target) & judge.alive(target)):
        use = rows != unit if ignore_diagonal else np.ones(len(rows), bool)
        if not use.any():
            continue
        gram = (own / np.outer(scale, scale))[np.ix_(use, use)]
        with catch_warnings():
            simplefilter("ignore", ConvergenceWarning)  # of two units that do the same the path takes one
            _, _, path = lars_path_gram(
                Xy=(cross[0][:, unit] / scale)[use],
                Gram=gram,
                n_samples=int(fit.count),
                method="lasso",
                max_iter=2 * most,
            )
        for number in range(1, most + 1):
            steps = np.flatnonzero((path != 0).sum(0) == number)
            if not len(steps):
                for each in found:
                    each[unit, number - 1] = each[unit, number - 2] if number > 1 else 0.0
                continue
            chosen = np.flatnonzero(use)[np.flatnonzero(path[:, steps[-1]])]
            weights = np.linalg.lstsq(own[np.ix_(chosen, chosen)], cross[0][chosen, unit], rcond=None)[0]
            for each, covariance, shared, spread in zip(found, (own, other), cross, variance, strict=True):
                error = 2 * weights @ shared[chosen, unit] - weights @ covariance[np.ix_(chosen, chosen)] @ weights
                each[unit, number - 1] = error / spread[unit]
    return Predicted(found[0], found[1])
