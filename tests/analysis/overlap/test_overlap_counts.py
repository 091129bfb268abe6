"""Overlap of masks: counted by loops, and chance by enumeration and by simulation."""

from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from tombola.analysis.material import NetworkView
from tombola.analysis.overlap import common_counts, log10_tails, overlap_summary, overlap_table, survival_table
from tombola.analysis.overlap.pairs import WHOLE
from tombola.errors import TombolaError


def network(
    label: str, seed: int, density: float = 0.7, sizes: tuple[int, ...] = (8, 6, 3), **more: object
) -> NetworkView:
    random = np.random.default_rng(seed)
    weights = {
        f"l{i}": random.normal(size=(b, a)) * (random.random((b, a)) < density)
        for i, (a, b) in enumerate(pairwise(sizes))
    }
    return NetworkView.of_arrays(label, weights, **more)  # type: ignore[arg-type]


def test_counts_are_those_of_loops() -> None:
    views = [network("a", 0), network("b", 1), network("c", 2)]
    table = overlap_table(views)
    assert len(table) == 3 * 3
    for one, two in combinations(views, 2):
        for name in ("l0.weight", "l1.weight"):
            row = table[(table.network_a == one.label) & (table.network_b == two.label) & (table.layer == name)].iloc[0]
            a, b = one.weights(name).ravel(), two.weights(name).ravel()
            common = [(x, y) for x, y in zip(a, b, strict=True) if x and y]
            assert row.common == len(common)
            assert row.kept_a == np.count_nonzero(a)
            assert row.jaccard == pytest.approx(len(common) / np.count_nonzero((a != 0) | (b != 0)))
            assert row.overlap == pytest.approx(len(common) / min(np.count_nonzero(a), np.count_nonzero(b)))
            same = sum(x * y > 0 for x, y in common)
            assert row.same_sign == pytest.approx(same / len(common))


def test_a_natural_zero_is_kept_and_has_no_sign() -> None:
    weights = {"l0": np.array([[0.0, 1.0], [2.0, 0.0]])}
    keep = {"l0": np.array([[True, True], [True, False]])}
    views = [NetworkView.of_arrays(label, weights, mask=keep) for label in "ab"]
    row = overlap_table(views).iloc[0]
    assert (row.common, row.signed, row.jaccard, row.same_sign) == (3, 2, 1.0, 1.0)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.data())
def test_tails_are_scipys(size: int, data: st.DataObject) -> None:
    a, b = (data.draw(st.integers(0, size)) for _ in range(2))
    common = data.draw(st.integers(max(0, a + b - size), min(a, b)))
    more, less = log10_tails(common, size, a, b)
    assert 10**more == pytest.approx(scipy.stats.hypergeom.sf(common - 1, size, a, b), rel=1e-8)
    assert 10**less == pytest.approx(scipy.stats.hypergeom.cdf(common, size, a, b), rel=1e-8)


@pytest.mark.parametrize("common", [10_500, 11_600, 12_000, 13_000])
def test_tails_of_large_layers(common: int) -> None:
    """100,000 weights, 30,000 and 40,000 kept: 12,000 expected."""
    more, less = log10_tails(common, 100_000, 30_000, 40_000)
    law = scipy.stats.hypergeom(100_000, 30_000, 40_000)
    assert more == pytest.approx(law.logsf(common - 1) / np.log(10), rel=1e-6, abs=1e-9)
    assert less == pytest.approx(law.logcdf(common) / np.log(10), rel=1e-6, abs=1e-9)


def test_the_far_tail_does_not_underflow() -> None:
    more, less = log10_tails(300_000, 4_194_304, 300_000, 300_000)
    assert more < -100_000
    assert less == 0.0


def test_chance_is_what_shuffled_masks_have() -> None:
    """Uniform and input-wise expectation and spread against 4,000 shuffles of one mask."""
    random = np.random.default_rng(0)
    keep_a, keep_b = (random.random((60, 10)) < np.linspace(0.05, 0.9, 10) for _ in range(2))
    views = [NetworkView.of_arrays(name, {"l0": keep * 1.0}) for name, keep in (("a", keep_a), ("b", keep_b))]
    row = overlap_table(views).iloc[0]
    anywhere = [(random.permutation(keep_a.ravel()).reshape(60, 10) & keep_b).sum() for _ in range(4000)]
    by_input = [(random.permuted(keep_a, axis=0) & keep_b).sum() for _ in range(4000)]
    assert row.expected == pytest.approx(np.mean(anywhere), rel=0.02)
    assert row.z == pytest.approx((row.common - np.mean(anywhere)) / np.std(anywhere), abs=0.2)
    assert row.expected_by_input == pytest.approx(np.mean(by_input), rel=0.02)
    assert row.z_by_input == pytest.approx((row.common - np.mean(by_input)) / np.std(by_input), abs=0.2)
    assert row.z > 4
    assert abs(row.z_by_input) < 3


def test_chance_of_signs_is_what_shuffled_signs_have() -> None:
    random = np.random.default_rng(1)
    one, two = (np.where(random.random((20, 10)) < 0.7, 1.0, -1.0) for _ in range(2))
    row = overlap_table([NetworkView.of_arrays(name, {"l0": w}) for name, w in (("a", one), ("b", two))]).iloc[0]
    shuffled = [(random.permutation(one.ravel()) == two.ravel()).mean() for _ in range(4000)]
    assert row.same_sign_expected == pytest.approx(np.mean(shuffled), abs=0.003)
    assert row.same_sign_z == pytest.approx((row.same_sign - np.mean(shuffled)) / np.std(shuffled), abs=0.2)


def test_the_whole_network_is_the_sum_of_its_layers() -> None:
    table = overlap_table([network("a", 0), network("b", 1)])
    layers, whole = table[table.layer != WHOLE], table[table.layer == WHOLE].iloc[0]
    for column in ("size", "kept_a", "kept_b", "common", "expected", "expected_by_input", "signed"):
        assert whole[column] == pytest.approx(layers[column].sum())
    assert whole.same_sign * whole.signed == pytest.approx((layers.same_sign * layers.signed).sum())


def test_equal_masks_and_disjoint_ones() -> None:
    keep = np.arange(20).reshape(4, 5) % 2 == 0
    views = [NetworkView.of_arrays(name, {"l0": k * 1.0}) for name, k in (("a", keep), ("b", keep), ("c", ~keep))]
    table = overlap_table(views).query("layer != 'all'").set_index(["network_a", "network_b"])
    assert table.loc[("a", "b"), "jaccard"] == 1
    assert table.loc[("a", "c"), "jaccard"] == 0
    assert table.loc[("a", "b"), "z"] > 4 > -4 > table.loc[("a", "c"), "z"]
    assert np.isnan(table.loc[("a", "c"), "same_sign"])


def test_dense_and_empty_layers_leave_no_room_for_chance() -> None:
    full, empty = np.ones((3, 3)), np.zeros((3, 3))
    views = [
        NetworkView.of_arrays(name, {"l0": w}) for name, w in (("a", full), ("b", full), ("c", empty), ("d", empty))
    ]
    table = overlap_table(views).query("layer != 'all'").set_index(["network_a", "network_b"])
    assert table.loc[("a", "b"), "jaccard"] == 1
    assert np.isnan(table.loc[("c", "d"), "jaccard"])
    assert table.z.isna().all()
    assert table.log10_p_more.eq(0).all()


def test_blocks_do_not_change_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    views = [network("a", 0), network("b", 1)]
    whole = common_counts(views)
    monkeypatch.setattr("tombola.analysis.overlap.counts.BLOCK", 7)
    for name, found in common_counts(views).items():
        assert (found.kept == whole[name].kept).all()
        assert (found.both_positive == whole[name].both_positive).all()


def test_summary_and_refusals() -> None:
    views = [network(f"{c}{i}", 10 * i + ord(c), condition=c) for c in "xy" for i in range(3)]
    table = overlap_summary(overlap_table(views)).query("layer == 'all'").set_index(["condition_a", "condition_b"])
    assert table.pairs.to_dict() == {("x", "x"): 3, ("x", "y"): 9, ("y", "y"): 3}
    assert (table.jaccard_low <= table.jaccard).all()
    with pytest.raises(TombolaError, match="two networks or more"):
        overlap_table(views[:1])
    with pytest.raises(TombolaError, match="different networks"):
        overlap_table([views[0], network("z", 0, sizes=(8, 5, 3))])


def test_survival_follows_each_network_over_its_levels() -> None:
    first = network("a0", 0, density=0.8)
    weights = {name.removesuffix(".weight"): first.weights(name) for name in first.mask}
    weights["l0"] = np.where(np.arange(weights["l0"].size).reshape(weights["l0"].shape) % 2, weights["l0"], 0)
    late = replace(NetworkView.of_arrays("a1", weights), level=2)
    grown = replace(network("a2", 5, density=1.0), level=3)
    table = survival_table([grown, late, first])
    assert table[table.layer == WHOLE][["level_from", "level_to"]].to_numpy().tolist() == [[0, 2], [0, 3], [2, 3]]
    row = table[(table.layer == "l0.weight") & (table.level_to == 2)].iloc[0]
    before, after = first.weights("l0.weight"), late.weights("l0.weight")
    assert row.survival == pytest.approx(np.count_nonzero(after) / np.count_nonzero(before))
    assert row.survival_positive == pytest.approx((after > 0).sum() / (before > 0).sum())
    assert row.came_back == 0
    assert table[(table.level_from == 2) & (table.layer == WHOLE)].iloc[0].came_back > 0
    assert survival_table([first]).empty


def test_two_conditions_are_one_row_whichever_network_comes_first() -> None:
    """Networks come by replicate, so pairs of other replicates come in both orders of their conditions."""
    views = [
        network(f"{condition}{replicate}", 10 * replicate + number, condition=condition, replicate=replicate)
        for replicate in range(2)
        for number, condition in enumerate(("ticket", "reinit"))
    ]
    table = overlap_table(views)
    assert {("ticket", "reinit"), ("reinit", "ticket")} < set(zip(table.condition_a, table.condition_b, strict=True))
    summary = overlap_summary(table)
    whole = summary[summary.layer == WHOLE].set_index(["condition_a", "condition_b"])
    assert whole.pairs.to_dict() == {("ticket", "reinit"): 4, ("ticket", "ticket"): 1, ("reinit", "reinit"): 1}
    mixed = table[(table.layer == WHOLE) & (table.condition_a != table.condition_b)]
    assert whole.jaccard["ticket", "reinit"] == pytest.approx(mixed.jaccard.mean())
