"""Whether networks answer alike: disagreement of predictions, and overlap of their errors."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64
from numpy.typing import NDArray


@dataclass(frozen=True)
class Agreement:
    """Two networks' answers to the same images.

    Attributes
    ----------
    images
        How many.
    accuracy
        Of both.
    disagreement
        Share of images to which they give different answers.
    expected
        The same share for networks of these accuracies that err independently and never agree on a wrong answer:
        not a bound, a yardstick.
    shared_errors
        Images both get wrong as a share of those either does (Jaccard); NaN without errors.
    same_wrong
        Of the images both get wrong, the share with the same wrong answer; NaN without such.
    error_kappa
        How much more often they err together than chance, with their accuracies, has it (Cohen's kappa of being wrong);
        0 is chance, 1 the same images; NaN where one makes no, or nothing but, errors.
    """

    images: int
    accuracy: tuple[float, float]
    disagreement: float
    expected: float
    shared_errors: float
    same_wrong: float
    error_kappa: float


def agreement(
    one: Int64[NDArray[np.int64], " image"],
    two: Int64[NDArray[np.int64], " image"],
    labels: Int64[NDArray[np.int64], " image"],
) -> Agreement:
    """Return how two networks' predicted classes agree.

    Examples
    --------
    >>> agreement(np.array([0, 1, 2, 2]), np.array([0, 1, 1, 1]), np.array([0, 1, 2, 0])).disagreement
    0.5
    """
    wrong = one != labels, two != labels
    rates = [float(each.mean()) for each in wrong]
    both, either = int((wrong[0] & wrong[1]).sum()), int((wrong[0] | wrong[1]).sum())
    chance = rates[0] * rates[1] + (1 - rates[0]) * (1 - rates[1])
    together = float((wrong[0] == wrong[1]).mean())
    nan = float("nan")
    return Agreement(
        images=len(labels),
        accuracy=(1 - rates[0], 1 - rates[1]),
        disagreement=float((one != two).mean()),
        expected=1 - (1 - rates[0]) * (1 - rates[1]),
        shared_errors=both / either if either else nan,
        same_wrong=float((one == two)[wrong[0] & wrong[1]].mean()) if both else nan,
        error_kappa=(together - chance) / (1 - chance) if 0 < chance < 1 and all(0 < r < 1 for r in rates) else nan,
    )
