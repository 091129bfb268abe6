"""The Laplace approximation of a marginal likelihood with crossed normal effects, and its exact gradient.

With effects written as standard deviation times a standard normal number z, the likelihood of votes y is
∫ exp(-f(z)) dz / (2π)^(d/2) with f(z) = |z|²/2 - log p(y | z). Its approximation is exp(-f(ẑ)) det(f''(ẑ))^(-½) at the
mode ẑ. It is an even, smooth function of every standard deviation, and at 0 the effect is just not there: nothing
special happens at that boundary.

Only the effects are integrated over. The fixed parameters are those of the marginal likelihood, not of the joint mode
(which would be penalised quasi-likelihood), so that their estimates are maximum likelihood up to the approximation.
References: Tierney & Kadane 1986; Skaug & Fournier 2006, Automatic approximation of the marginal likelihood in
non-Gaussian hierarchical models (the gradient through the mode).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from tombola.study.statistics.mixed.crossed import Array, Crossing, Factor
from tombola.study.statistics.mixed.vote import Slopes, slopes

STEPS: Final = 100
TOLERANCE: Final = 1e-6
"""Size of the last step to the mode; what is left after it is about its square."""


@dataclass(frozen=True, eq=False)
class Approximation:
    """The approximated marginal likelihood at some parameters.

    Attributes
    ----------
    log_likelihood
        Its logarithm.
    gradient
        In β0, δ0, and the standard deviations (first grouping: β, δ; second grouping: β, δ).
    mode
        Most likely effects, in standard deviations.
    """

    log_likelihood: float
    gradient: Float[np.ndarray, " 6"]
    mode: Float[np.ndarray, "member 2"]


def approximate(
    votes: Crossing,
    choice: Int[np.ndarray, " vote"],
    at: Float[np.ndarray, " 6"],
    start: Float[np.ndarray, "member 2"] | None = None,
) -> Approximation:
    """Return the Laplace approximation with its gradient.

    Parameters
    ----------
    votes
        Who voted on what.
    choice
        0 for A, 1 for B, 2 for neither.
    at
        Parameters, in the order of `Approximation.gradient`.
    start
        Where to look for the mode.
    """
    sds = at[2:].reshape(2, 2)
    scale = np.repeat(sds, votes.sizes, axis=0)
    mode, here, factor = _mode(votes, choice, at, scale, np.zeros_like(scale) if start is None else start)
    own, between = factor.inverse_blocks()
    first, second = votes.member.T
    # how each vote's (β, δ) varies with the effect of either of its members, given the answers
    reach = (
        sds[0][:, None] * own[first] + sds[1][:, None] * between.transpose(0, 2, 1),
        sds[1][:, None] * own[second] + sds[0][:, None] * between,
    )
    covariance = reach[0] * sds[0] + reach[1] * sds[1]
    slope = here.trace_slope(covariance)
    back = factor.solve(scale * votes.total(slope))
    moved = np.einsum("vab,vb->va", here.information, _spread(votes, scale * back))
    weight = here.score - (slope - moved) / 2
    gradient = [weight.sum(0)]
    for grouping, member in enumerate((first, second)):
        curved = np.einsum("vcb,vbc->c", here.information, reach[grouping])
        gradient.append((weight * mode[member] - here.score * back[member] / 2).sum(0) - curved)
    value = here.log_likelihood - float((mode**2).sum()) / 2 - factor.log_determinant / 2
    return Approximation(value, np.concatenate(gradient), mode)


def _mode(
    votes: Crossing, choice: Int[np.ndarray, " vote"], at: Array, scale: Array, mode: Array
) -> tuple[Array, Slopes, Factor]:
    """Return the most likely effects by Newton's method; the function is strictly convex, so there is one."""
    here = slopes(at[:2] + _spread(votes, scale * mode), choice)
    for _ in range(STEPS):
        factor = _factor(votes, here, scale, at[2:].reshape(2, 2))
        step = factor.solve(scale * votes.total(here.score) - mode)
        size, worth = 1.0, here.log_likelihood - float((mode**2).sum()) / 2
        while True:
            tried = mode + size * step
            there = slopes(at[:2] + _spread(votes, scale * tried), choice)
            if there.log_likelihood - float((tried**2).sum()) / 2 >= worth - 1e-9 * max(1.0, -worth) or size < 1e-6:
                break
            size /= 2
        mode, here = tried, there
        if np.abs(step).max() < TOLERANCE:
            break
    return mode, here, _factor(votes, here, scale, at[2:].reshape(2, 2))


def _factor(votes: Crossing, here: Slopes, scale: Array, sds: Array) -> Factor:
    diagonal = np.eye(2) + scale[:, :, None] * votes.total(here.information) * scale[:, None, :]
    return Factor(votes, diagonal, sds[0][:, None] * here.information * sds[1])


def _spread(votes: Crossing, effects: Array) -> Array:
    """Return the sum of the effects of the two members of each vote."""
    found: Array = effects[votes.member[:, 0]] + effects[votes.member[:, 1]]
    return found
