import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tombola.analysis.inference import cluster_bootstrap, effects, labelings, permute_labels, stratum_of
from tombola.errors import TombolaError

WITHIN, BETWEEN = [(0, 0), (1, 1)], [(0, 1)]


def by_hand(matrix: np.ndarray, groups: np.ndarray, first: list, second: list) -> float:
    """Mean of the second pairs minus mean of the first, pair by pair."""

    def mean(blocks: list) -> float:
        values = [
            matrix[i, j]
            for a, b in blocks
            for i, j in itertools.combinations(range(len(groups)), 2)
            if {(groups[i], groups[j]), (groups[j], groups[i])} & {(a, b)} and not np.isnan(matrix[i, j])
        ]
        return float(np.mean(values))

    return mean(second) - mean(first)


def random_distances(n: int, seed: int) -> np.ndarray:
    x = np.random.default_rng(seed).random((n, 3))
    return np.abs(x[:, None] - x).sum(-1)


def test_all_labelings_are_enumerated_once() -> None:
    found = labelings(np.array([0, 0, 1, 2]))
    assert found.exact
    assert found.total == 12 == len({tuple(row) for row in found.labels})
    assert all(sorted(row) == [0, 0, 1, 2] for row in found.labels.tolist())


def test_labels_move_only_among_the_groups_that_are_named() -> None:
    found = labelings(np.array([0, 1, 2, 2, 1]), among=[1, 2])
    assert found.total == 6
    assert (found.labels[:, 0] == 0).all()


def test_many_labelings_are_drawn_with_a_seed() -> None:
    groups = np.repeat([0, 1], 12)
    found = labelings(groups, draws=50, seed=3)
    assert not found.exact
    assert found.total == 2704156
    assert found.labels.shape == (50, 24)
    assert (found.labels.sum(1) == 12).all()
    assert (labelings(groups, draws=50, seed=3).labels == found.labels).all()
    assert labelings(groups[:14], exact_up_to=91).exact
    with pytest.raises(TombolaError, match="draws = 0"):
        labelings(groups, draws=0)


def test_labels_move_within_strata_only() -> None:
    groups, strata = np.array([0, 1, 0, 1, 0, 1, 1]), np.array([0, 0, 1, 1, 2, 2, 2])
    exact = labelings(groups, strata=strata)
    assert exact.exact
    assert exact.total == 2 * 2 * 3 == len({tuple(row) for row in exact.labels})
    drawn = labelings(groups, strata=strata, exact_up_to=1, draws=60, seed=4)
    assert len({tuple(row) for row in drawn.labels}) == 12
    for found in (exact, drawn):
        for stratum in range(3):
            inside = found.labels[:, strata == stratum]
            assert (inside.sum(1) == groups[strata == stratum].sum()).all()
    assert labelings(groups, strata=np.zeros(7)).total == labelings(groups).total == 35
    assert labelings(groups, [1], strata=strata).total == 1
    assert stratum_of(["a", "a", "b"], [0, 1, 1]).tolist() == [0, 1, 2]
    with pytest.raises(TombolaError, match=r"strata shaped \[6\] for 7 networks"):
        labelings(groups, strata=strata[:-1])


def test_what_strata_differ_in_is_no_difference_between_groups() -> None:
    """Five replicates far apart, a ticket and its control in each: distances within replicates are what is tested."""
    replicate = np.repeat(np.arange(5), 2)
    groups = np.tile([0, 1], 5)
    paired = np.array([0, 0.3, 10, 10.4, 20, 20.2, 30, 30.5, 40, 40.1])
    apart = np.abs(paired[:, None] - paired)
    claim: dict = {"groups": groups, "first": WITHIN, "second": BETWEEN, "strata": replicate}
    test = permute_labels(apart, **claim)
    assert test.exact
    assert test.labelings == 2**5
    assert test.p[0] == np.mean(
        [
            by_hand(apart, labels, WITHIN, BETWEEN) >= test.statistic[0] - 1e-12
            for flips in itertools.product([0, 1], repeat=5)
            for labels in [groups ^ np.repeat(flips, 2)]
        ]
    )


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), first=st.integers(2, 4), second=st.integers(2, 4))
def test_exact_test_is_the_count_by_hand(seed: int, first: int, second: int) -> None:
    groups = np.array([0] * first + [1] * second)
    matrix = random_distances(len(groups), seed)
    test = permute_labels(matrix, groups, WITHIN, BETWEEN)
    drawn = [
        by_hand(matrix, np.array(labels), WITHIN, BETWEEN) for labels in set(itertools.permutations(groups.tolist()))
    ]
    assert test.statistic[0] == pytest.approx(by_hand(matrix, groups, WITHIN, BETWEEN))
    assert test.labelings == len(drawn)
    assert test.p[0] == pytest.approx(np.mean(np.array(drawn) >= test.statistic[0] - 1e-12))
    assert test.smallest_p == (2 if first == second else 1) / len(drawn)


def test_clear_groups_reach_the_smallest_p_and_no_other() -> None:
    x = np.array([0, 0.1, 0.2, 0.3, 5, 5.1, 5.2, 5.3])
    test = permute_labels(np.abs(x[:, None] - x), np.repeat([0, 1], 4), WITHIN, BETWEEN)
    assert test.exact
    assert test.p[0] == test.smallest_p == 2 / 70
    reversed_claim = permute_labels(np.abs(x[:, None] - x), np.repeat([0, 1], 4), BETWEEN, WITHIN)
    assert reversed_claim.p[0] == 1


def test_drawn_p_counts_the_real_labeling_and_never_is_zero() -> None:
    x = np.concatenate([np.arange(10) / 100, 5 + np.arange(10) / 100])
    test = permute_labels(np.abs(x[:, None] - x), np.repeat([0, 1], 10), WITHIN, BETWEEN, draws=99, seed=1)
    assert not test.exact
    assert test.labelings == 100
    assert test.p[0] == 1 / 100 == test.smallest_p


def test_p_values_are_uniform_where_labels_mean_nothing() -> None:
    groups = np.repeat([0, 1], 4)
    matrices = np.stack([random_distances(8, seed) for seed in range(300)])
    p = permute_labels(matrices, groups, WITHIN, BETWEEN).p
    for level in (0.1, 0.3, 0.6):
        assert np.mean(p <= level) < level + 3 * np.sqrt(level * (1 - level) / 300)
    assert np.mean(p <= 0.6) > 0.45


def test_sets_that_mix_pairs_within_and_between_count_every_pair_once() -> None:
    groups, matrix = np.repeat([0, 1], [3, 4]), random_distances(7, 2)
    test = permute_labels(matrix, groups, [(0, 0), (0, 1)], [(1, 1)])
    assert test.statistic[0] == pytest.approx(by_hand(matrix, groups, [(0, 0), (0, 1)], [(1, 1)]))


def test_missing_distances_and_asymmetric_ones() -> None:
    groups, matrix = np.repeat([0, 1], 3), random_distances(6, 1)
    holes = matrix.copy()
    holes[0, 4] = holes[4, 0] = np.nan
    both = permute_labels(np.stack([matrix, holes]), groups, WITHIN, BETWEEN)
    assert both.statistic[0] == pytest.approx(by_hand(matrix, groups, WITHIN, BETWEEN))
    assert both.statistic[1] == pytest.approx(by_hand(holes, groups, WITHIN, BETWEEN))
    skewed = permute_labels(matrix + np.triu(np.ones((6, 6)), 1), groups, WITHIN, BETWEEN)
    assert skewed.statistic[0] == pytest.approx(both.statistic[0])
    nothing = permute_labels(np.full((6, 6), np.nan), groups, WITHIN, BETWEEN)
    assert np.isnan(nothing.p[0])
    with pytest.raises(TombolaError, match="square"):
        permute_labels(np.ones((3, 4)), groups, WITHIN, BETWEEN)


def test_many_matrices_in_chunks_are_each_on_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = np.repeat([0, 1, 2], 3)
    matrices = np.stack([random_distances(9, seed) for seed in range(5)])
    claim = {"first": [(0, 0), (1, 1)], "second": [(2, 0), (2, 1)], "among": [0, 1, 2]}
    whole = permute_labels(matrices, groups, **claim)
    monkeypatch.setattr("tombola.analysis.inference.blocks.CHUNK", 500)
    assert (permute_labels(matrices, groups, **claim).p == whole.p).all()
    for matrix, p in zip(matrices, whole.p, strict=True):
        assert permute_labels(matrix, groups, **claim).p[0] == p


def test_bootstrap_resamples_networks_within_their_group_and_drops_pairs_with_themselves() -> None:
    groups, matrix = np.repeat([0, 1], 6), random_distances(12, 0)
    matrix[:6, 6:] += 2
    matrix[6:, :6] += 2
    low, high = cluster_bootstrap(matrix, groups, WITHIN, BETWEEN)
    truth = by_hand(matrix, groups, WITHIN, BETWEEN)
    assert low[0] < truth < high[0]
    assert low[0] > 1.5
    rng, drawn = np.random.default_rng(7), []
    for _ in range(400):
        chosen = np.concatenate([rng.integers(0, 6, 6), rng.integers(6, 12, 6)])
        sub = matrix[np.ix_(chosen, chosen)].copy()
        sub[chosen[:, None] == chosen] = np.nan
        drawn.append(by_hand(sub, groups, WITHIN, BETWEEN))
    np.testing.assert_allclose([low[0], high[0]], np.quantile(drawn, [0.025, 0.975]), atol=0.1)
    with pytest.raises(TombolaError, match="confidence"):
        cluster_bootstrap(matrix, groups, WITHIN, BETWEEN, confidence=1)


def test_effect_sizes_by_hand() -> None:
    x = np.array([0.0, 1.0, 10.0, 12.0])
    found = effects(np.abs(x[:, None] - x), np.repeat([0, 1], 2), WITHIN, BETWEEN)
    first, second = [1, 1, 2, 2], [11, 10, 9.5, 11.5]
    spread = np.sqrt((3 * np.var(first, ddof=1) + 3 * np.var(second, ddof=1)) / 6)
    assert found.standardised[0] == pytest.approx((10.5 - 1.5) / spread)
    assert found.superiority[0] == 1
    alike = effects(np.ones((4, 4)), np.repeat([0, 1], 2), WITHIN, BETWEEN)
    assert alike.superiority[0] == 0.5
    assert np.isnan(alike.standardised[0])
