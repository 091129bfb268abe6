"""Intervals with the network as a random effect hold what they promise; those over pairs do not."""

import numpy as np
import pytest
from scipy import stats

from tombola.analysis.distances.crossed_effects import CrossedFit, crossed_fit
from tombola.errors import TombolaError

WITHIN, BETWEEN = (-0.5, -0.5, 1), (-1, 1, 0)


def kinds_of(groups: np.ndarray) -> list[np.ndarray]:
    first, second = groups[:, None], groups
    return [(first == 0) & (second == 0), (first == 1) & (second == 1), first != second]


def simulated(sizes: tuple[int, int], network_sd: float, pair_sd: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Means .5 within the first condition, .55 within the second, .6 between."""
    random = np.random.default_rng(seed)
    groups = np.repeat([0, 1], sizes)
    means = np.select(kinds_of(groups), [0.5, 0.55, 0.6])
    own = random.normal(0, network_sd, len(groups))
    noise = np.triu(random.normal(0, pair_sd, (len(groups),) * 2), 1)
    return means + own[:, None] + own + noise + noise.T, groups


def fitted(distances: np.ndarray, groups: np.ndarray) -> CrossedFit:
    return crossed_fit(distances, kinds_of(groups))


@pytest.mark.parametrize("network_sd", [0.0, 0.02, 0.2])
@pytest.mark.parametrize("sizes", [(3, 3), (4, 6)])
def test_intervals_cover_what_they_promise(sizes: tuple[int, int], network_sd: float) -> None:
    runs = 160
    hits = {"between": 0, "second less first": 0, "over pairs": 0}
    for seed in range(runs):
        distances, groups = simulated(sizes, network_sd, 0.02, seed)
        fit = fitted(distances, groups)
        for name, weights, truth in (("between", WITHIN, 0.075), ("second less first", BETWEEN, 0.05)):
            found = fit.contrast(weights)
            hits[name] += found.low <= truth <= found.high
        upper = np.triu(np.ones(distances.shape, bool), 1)
        pairs = [distances[upper & kind] for kind in kinds_of(groups)[:2]]
        naive = stats.ttest_ind(pairs[1], pairs[0], equal_var=False).confidence_interval()
        hits["over pairs"] += naive.low <= 0.05 <= naive.high
    # two standard errors of 160 runs are 3.4 points
    assert 0.91 <= hits["between"] / runs <= 0.99
    assert 0.91 <= hits["second less first"] / runs <= 1
    if network_sd == 0.2:
        assert hits["over pairs"] / runs < 0.86


def test_standard_deviations_are_found() -> None:
    found = [fitted(*simulated((8, 8), 0.05, 0.02, seed)) for seed in range(60)]
    assert np.mean([fit.network_sd**2 for fit in found]) == pytest.approx(0.05**2, rel=0.15)
    assert np.mean([fit.pair_sd**2 for fit in found]) == pytest.approx(0.02**2, rel=0.05)
    assert (found[0].pairs, found[0].networks) == (120, 16)


def test_between_less_within_is_free_of_what_networks_are() -> None:
    """A network that is far from all others is so within and between."""
    distances, groups = simulated((3, 4), 0.0, 0.01, 1)
    far = distances + 5.0 * (np.arange(7) == 2)[:, None] + 5.0 * (np.arange(7) == 2)
    plain, moved = (fitted(each, groups).contrast(WITHIN) for each in (distances, far))
    assert moved.difference == pytest.approx(plain.difference, abs=2e-3)
    assert moved.df == pytest.approx(21 - 8, abs=0.5)


def test_missing_pairs_are_no_pairs_and_kinds_need_some() -> None:
    distances, groups = simulated((3, 3), 0.02, 0.02, 0)
    distances[0, 4] = distances[4, 0] = np.nan
    fit = fitted(distances, groups)
    assert fit.pairs == 14
    assert np.isfinite([fit.contrast(WITHIN).low, *fit.means]).all()
    with pytest.raises(TombolaError, match="has no distances"):
        fitted(distances[:4, :4], np.array([0, 0, 0, 1]))
    with pytest.raises(TombolaError, match="confidence = 95"):
        fit.contrast(WITHIN, 95)


def test_without_degrees_of_freedom_there_is_no_interval() -> None:
    fit = crossed_fit(np.array([[0, 0.2], [0.2, 0]]), [np.ones((2, 2), bool)])
    found = fit.contrast([1])
    assert found.difference == pytest.approx(0.2)
    assert np.isnan([found.low, found.high]).all()
