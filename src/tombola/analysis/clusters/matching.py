"""Clusters of different data sets brought into correspondence by their centres, without a human eye."""

import numpy as np
from numpy.typing import NDArray

from tombola.analysis.clusters.methods import Labels, Points


def match_labels(
    points: Points, labels: Labels, reference_points: Points, reference_labels: Labels
) -> NDArray[np.int64]:
    """Return labels renumbered so that clusters correspond to those of a reference data set (reference: signs 6).

    The assignment is the one whose summed distance between centres is smallest, one to one; each variable counts in
    units of its standard deviation, pooled over both data sets. Clusters beyond the reference's get new numbers.

    Parameters
    ----------
    points, labels
        The data set to renumber, unscaled.
    reference_points, reference_labels
        The one whose numbers stay.
    """
    from scipy.optimize import linear_sum_assignment

    own, theirs = np.unique(labels), np.unique(reference_labels)
    spread = pooled_sd(points, reference_points)
    ours, wanted = centres(points, labels) / spread, centres(reference_points, reference_labels) / spread
    cost = np.linalg.norm(ours[:, None] - wanted[None], axis=2)
    rows, columns = linear_sum_assignment(cost)
    numbers = {int(own[row]): int(theirs[column]) for row, column in zip(rows, columns, strict=True)}
    fresh = int(max(theirs)) + 1
    for label in own:
        if int(label) not in numbers:
            numbers[int(label)], fresh = fresh, fresh + 1
    return np.array([numbers[int(label)] for label in labels], np.int64)


def centres(points: Points, labels: Labels) -> NDArray[np.float64]:
    """Return the mean of each cluster's points, by ascending label."""
    return np.array([points[labels == label].mean(0) for label in np.unique(labels)])


def pooled_sd(points: Points, others: Points) -> NDArray[np.float64]:
    """Return each variable's standard deviation within two data sets, the root of the mean variance weighted by size.

    A constant variable gets 1.
    """
    weights = len(points), len(others)
    variance = np.average([np.var(points, 0), np.var(others, 0)], axis=0, weights=weights)
    return np.where(variance > 1e-24, np.sqrt(np.maximum(variance, 1e-24)), 1.0)
