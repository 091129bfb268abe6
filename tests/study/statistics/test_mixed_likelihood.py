"""The marginal likelihood behind the mixed multinomial model: slopes, equations, Laplace against quadrature."""

from itertools import pairwise as neighbours

import numpy as np
import pytest
from numpy.typing import NDArray

from tombola.study.statistics.mixed.crossed import Factor, crossing
from tombola.study.statistics.mixed.fit import likelihood_of
from tombola.study.statistics.mixed.laplace import approximate
from tombola.study.statistics.mixed.maximum import maximise
from tombola.study.statistics.mixed.vote import chances, slopes

Array = NDArray[np.float64]
WIDE = np.array([0.3, -0.2, 0.7, 0.9, 1.1, 0.6])


def simulated(workers: int, images: int, per: int, truth: Array = WIDE, seed: int = 0) -> tuple[Array, Array, Array]:
    """Choices, workers and images: every worker votes on `per` images, some of them twice."""
    random = np.random.default_rng(seed)
    worker, image = np.repeat(np.arange(workers), per), random.integers(images, size=workers * per)
    image[:images] = np.arange(images)
    of_worker, of_image = (random.normal(size=(count, 2)) for count in (workers, images))
    at = truth[:2] + of_worker[worker] * truth[2:4] + of_image[image] * truth[4:]
    likely = chances(at).cumsum(1)
    return (random.random(len(worker))[:, None] > likely[:, :2]).sum(1), worker, image


def differences(function, at: Array, step: float = 1e-5) -> Array:
    return np.array([(function(at + e) - function(at - e)) / (2 * step) for e in step * np.eye(len(at))])


@pytest.mark.parametrize("choice", range(3))
def test_slopes_of_one_vote(choice: int) -> None:
    """Chances are those of the definition; derivatives are those of differences."""
    at, covariance, mine = np.array([0.7, -0.4]), np.array([[1.3, 0.2], [0.2, 0.6]]), np.array([choice])
    odds = np.exp([-0.4 + 0.35, -0.4 - 0.35, 0])
    found = slopes(at[None], mine)
    assert chances(at) == pytest.approx(odds / odds.sum())
    assert found.log_likelihood == pytest.approx(np.log(odds[choice] / odds.sum()))
    assert found.score[0] == pytest.approx(differences(lambda x: slopes(x[None], mine).log_likelihood, at))
    assert found.information[0] == pytest.approx(-differences(lambda x: slopes(x[None], mine).score[0], at))
    traced = differences(lambda x: np.trace(slopes(x[None], mine).information[0] @ covariance), at)
    assert found.trace_slope(covariance[None])[0] == pytest.approx(traced)


def test_block_equations_are_those_of_the_whole_matrix() -> None:
    random = np.random.default_rng(1)
    votes, _ = crossing(random.integers(3, size=12), np.r_[np.arange(5), random.integers(5, size=7)])
    joining = random.normal(size=(12, 2, 2)) / 9
    diagonal = np.stack([np.eye(2) * 3 + np.array([[0, s], [s, 0]]) for s in random.random(8)])
    whole = np.zeros((16, 16))
    for member, block in enumerate(diagonal):
        whole[2 * member : 2 * member + 2, 2 * member : 2 * member + 2] = block
    for (first, second), block in zip(votes.member, joining, strict=True):
        whole[2 * first : 2 * first + 2, 2 * second : 2 * second + 2] += block
        whole[2 * second : 2 * second + 2, 2 * first : 2 * first + 2] += block.T
    factor, right = Factor(votes, diagonal, joining), random.normal(size=(8, 2))
    assert factor.log_determinant == pytest.approx(np.linalg.slogdet(whole)[1])
    assert factor.solve(right).ravel() == pytest.approx(np.linalg.solve(whole, right.ravel()))
    inverse = np.linalg.inv(whole).reshape(8, 2, 8, 2)
    own, between = factor.inverse_blocks()
    assert own == pytest.approx(np.stack([inverse[member, :, member] for member in range(8)]))
    assert between == pytest.approx(inverse[votes.member[:, 0], :, votes.member[:, 1]])


@pytest.mark.parametrize("shape", [(6, 9, 7), (9, 5, 6)], ids=["more images", "more workers"])
def test_the_gradient_is_that_of_differences(shape: tuple[int, int, int]) -> None:
    likelihood = likelihood_of(*simulated(*shape))
    for at in (WIDE, np.array([0.3, 1.2, 0.0, 0.8, 1.5, 0.0]), WIDE * [1, 1, -1, 1, 1, -1]):
        assert likelihood(at)[1] == pytest.approx(differences(lambda x: likelihood(x)[0], at), abs=1e-6)


def test_it_is_even_in_every_standard_deviation() -> None:
    likelihood = likelihood_of(*simulated(6, 9, 7))
    assert likelihood(WIDE)[0] == pytest.approx(likelihood(WIDE * [1, 1, -1, 1, 1, -1])[0], abs=1e-10)
    assert likelihood(np.r_[WIDE[:2], 0, 0, 0, 0])[1][2:] == pytest.approx(0)


def test_the_mode_is_one() -> None:
    """The gradient of the joint likelihood vanishes there."""
    choice, worker, image = simulated(5, 8, 6)
    votes, order = crossing(worker, image)
    mode = approximate(votes, choice[order], WIDE).mode

    def joint(flat: Array) -> float:
        z = flat.reshape(13, 2)
        at = WIDE[:2] + z[:5][worker] * WIDE[2:4] + z[5:][image] * WIDE[4:]
        return slopes(at, choice).log_likelihood - (z**2).sum() / 2

    assert differences(joint, mode.ravel()) == pytest.approx(0, abs=1e-8)


def test_without_effects_it_is_the_multinomial_logit() -> None:
    """Its maximum is that of the counts, in closed form, and so is its value."""
    choice, worker, image = simulated(8, 8, 20)
    a, b, neither = counts = np.bincount(choice)
    at = np.r_[np.log(a / b), np.log(a * b) / 2 - np.log(neither), 0, 0, 0, 0]
    value, gradient = likelihood_of(choice, worker, image)(at)
    assert value == pytest.approx(counts @ np.log(counts / counts.sum()))
    assert gradient == pytest.approx(0, abs=1e-9)


def test_a_search_that_crosses_0_ends_with_a_positive_standard_deviation() -> None:
    """-(x - 1)² - (s² - 4)² - t²: x = 1, s = 2 from either side, t = 0 and no longer free."""

    def function(at: Array) -> tuple[float, Array]:
        x, s, t = at
        return -((x - 1) ** 2) - (s**2 - 4) ** 2 - t**2, np.array([-2 * (x - 1), -4 * s * (s**2 - 4), -2 * t])

    for start in (-0.5, 0.5):
        found = maximise(function, np.array([0, start, start]), np.ones(3, bool), np.array([False, True, True]))
        assert found.at == pytest.approx([1, 2, 0], abs=1e-8)
        assert found.at[2] == 0
        assert found.found
        assert found.covariance == pytest.approx(np.diag([1 / 2, 1 / 32, 0]), rel=1e-6)


def of_workers(choice: Array, worker: Array, at: Array) -> float:
    """The exact marginal likelihood with an effect of the worker on the preference only: a fine sum over the effect."""
    z = np.linspace(-9, 9, 4001)
    weight = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    each = np.log(chances(np.stack([at[0] + at[2] * z, np.full_like(z, at[1])], -1)))
    sums = np.stack([each[:, choice[worker == one]].sum(1) for one in range(worker.max() + 1)])
    return float(np.log(np.exp(sums) @ weight).sum())


def test_laplace_nears_quadrature_as_workers_answer_more() -> None:
    """An effect of 20 workers on the preference: the error a worker falls from 0.015 (8 answers) to 0.002 (128)."""
    at = np.array([0.4, 0.5, 1.5, 0, 0, 0])
    errors = []
    for per in (8, 32, 128):
        choice, worker, image = simulated(20, 20, per, at)
        errors.append((of_workers(choice, worker, at) - likelihood_of(choice, worker, image)(at)[0]) / 20)
    assert 0.01 < errors[0] < 0.02
    assert 0 < errors[-1] < 0.003
    assert all(later < 0.6 * earlier for earlier, later in neighbours(errors))


def test_laplace_of_crossed_effects_is_near_quadrature() -> None:
    """Two workers and six images, all effects on the preference: a grid over the workers, a line for every image."""
    choice, worker, image = simulated(2, 6, 15)
    at = np.array([0.3, 0.4, 0.5, 0, 0.4, 0])
    z, weight = np.polynomial.hermite_e.hermegauss(40)
    beta = at[0] + at[2] * z[:, None] + at[4] * z
    each = np.log(chances(np.stack([beta, np.full_like(beta, at[1])], -1)))
    weight = weight / weight.sum()
    over = np.zeros((40, 40))
    for one in range(6):
        sums = [each[:, :, choice[(worker == w) & (image == one)]].sum(-1) for w in range(2)]
        over += np.log(np.einsum("ik,jk,k->ij", *(np.exp(each) for each in sums), weight))
    exact = float(np.log(np.einsum("i,j,ij->", weight, weight, np.exp(over))))
    assert likelihood_of(choice, worker, image)(at)[0] == pytest.approx(exact, abs=0.02)
