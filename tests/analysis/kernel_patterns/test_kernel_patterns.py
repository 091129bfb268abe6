"""Kernel patterns on kernels drawn by hand, on random ones, and on ones with a known property."""

import numpy as np
import pytest

from tombola.analysis.kernel_patterns import (
    Dials,
    KernelSet,
    adjacency,
    adjacency_table,
    census,
    cooccurrence,
    cooccurrence_table,
    expected_cooccurrence,
    explain,
    filter_sizes,
    filter_table,
    kernel_sets,
    kernel_sizes,
    position_counts,
    sign_balance,
    synthetic,
)
from tombola.analysis.kernel_patterns.adjacency import adjacent_pairs, neighbours
from tombola.analysis.kernel_patterns.regression import least_squares
from tombola.analysis.material import NetworkView
from tombola.errors import TombolaError

SHAPE = (64, 3, 3, 3)
KEPT = 542
NOTHING = {kind: np.zeros((9, 9), int) for kind in ("pos_pos", "neg_neg", "pos_neg", "neg_pos")}


def of(*kernels: str, condition: str = "c") -> KernelSet:
    """Return one network whose filters have one kernel each, drawn in characters."""
    rows = [["-.+".index(sign) - 1 for sign in kernel.replace("/", "")] for kernel in kernels]
    signs = np.array(rows, np.int8).reshape(1, len(kernels), 1, 3, 3)
    return KernelSet(condition, ("one",), signs)


def random_set(seed: int, networks: int = 8, dials: Dials = Dials(), together: dict = NOTHING) -> KernelSet:  # noqa: B008
    random = np.random.default_rng(seed)
    signs = np.stack([synthetic(SHAPE, KEPT, dials, together, random) for _ in range(networks)])
    return KernelSet("random", tuple(map(str, range(networks))), signs)


def test_counts_by_hand() -> None:
    kernels = of("+-./.../...", ".../.../...", "++./+../..-", "-../.../...")
    assert filter_sizes(kernels).tolist() == [[2, 0, 4, 1]]
    row = filter_table(kernels).iloc[0]
    assert (row["mean"], row["empty"], row["single"]) == (1.75, 1, 1)
    sizes = kernel_sizes(kernels)
    assert sizes.kernels.tolist() == [1, 1, 1, 0, 1, 0, 0, 0, 0, 0]
    assert sizes.expected.sum() == pytest.approx(4)
    places = position_counts(kernels).set_index(["channel", "row", "column"]).survivors
    assert (places[0, 0, 0], places[0, 0, 1], places[0, 2, 2], places[0, 1, 1]) == (3, 2, 1, 0)
    balance = sign_balance(kernels).iloc[0]
    assert (balance.positive, balance.negative) == (4, 3)


def test_cooccurrence_by_hand_and_its_symmetries() -> None:
    kernels = of("+-./.../...", "++./.../...", "++./.../..-")
    found = cooccurrence(kernels.flat)
    assert found["pos_pos"][0, 1] == 2
    assert found["pos_neg"][0, 1] == 1
    assert found["pos_neg"][1, 8] == 1
    assert (found["pos_pos"] == found["pos_pos"].T).all()
    assert (found["pos_neg"] == found["neg_pos"].T).all()
    assert np.diag(found["pos_pos"]).tolist() == [3, 2, 0, 0, 0, 0, 0, 0, 0]
    table = cooccurrence_table(kernels)
    assert table.groupby("kind").size().to_dict() == dict.fromkeys(found, 81)


def test_expected_cooccurrence_is_what_random_places_give() -> None:
    kernels = random_set(0, 60)
    observed, expected = cooccurrence(kernels.flat), expected_cooccurrence(kernels.flat)
    for kind in observed:
        assert observed[kind].sum() == pytest.approx(expected[kind].sum())
        chi = ((observed[kind] - expected[kind]) ** 2 / np.maximum(expected[kind], 1e-9))[expected[kind] > 0]
        assert chi.mean() < 2


def test_adjacency_by_hand() -> None:
    kernels = of("++./.../...", "+.+/.../...", "+../.+./...", "-../-../..+", "+++/.../...", "++./-.-/...")
    assert neighbours((3, 3)).sum() // 2 == 12
    assert [int(each.sum()) for each in adjacent_pairs(kernels.by_network, 1, (3, 3))] == [4, 2]
    found = adjacency(kernels, -1, draws=99)
    assert (found["pairs"], found["touching"], found["chance"]) == (2, 1, pytest.approx(12 / 36))


def test_random_kernels_are_adjacent_as_often_as_chance_and_grouped_ones_more() -> None:
    together = {**NOTHING, "pos_pos": np.eye(9, dtype=int) * 50 + neighbours((3, 3)) * 8}
    together["neg_neg"] = together["pos_pos"]
    random = adjacency(random_set(1), 1, draws=199)
    assert abs(float(random["z"])) < 3.5  # type: ignore[arg-type]
    grouped = adjacency_table([random_set(1, dials=Dials(grouping=1.0), together=together)], draws=99)
    assert (grouped.z > 5).all()
    assert (grouped.p == 0.01).all()
    assert len(grouped) == 4


def test_adjacency_refuses_nonsense() -> None:
    with pytest.raises(TombolaError, match="sign = 0"):
        adjacency(random_set(0, 1), 0)


def test_census_by_hand() -> None:
    kernels = of("+-./.../...", "+-./.../...", ".../.../.++", ".../.../...", "+++/.../...")
    table = census(kernels, 2)
    assert table.pattern.tolist() == ["+-./.../...", ".../.../.++"]
    assert table.kernels.tolist() == [2, 1]
    assert table.expected[0] == pytest.approx(3 / 36 * (7 / 9) * (2 / 9))
    assert census(kernels, 5).empty
    with pytest.raises(TombolaError, match="weights = 10"):
        census(kernels, 10)


def test_census_of_random_kernels_holds_no_surprise() -> None:
    """signs.md 12.5: among random kernels the most frequent pattern occurs 12 times in 14 x 64 filters."""
    kernels = random_set(3, 14)
    for positions in ("uniform", "observed"):
        table = census(kernels, 2, positions=positions)
        assert len(table) <= 144
        assert table.kernels.sum() == (np.count_nonzero(kernels.flat, axis=1) == 2).sum()
        assert abs(table.kernels[0] - table.expected_top[0]) <= 4
        assert 9 <= table.expected_top[0] <= 14


@pytest.mark.parametrize("seed", range(3))
def test_dials_do_what_they_say(seed: int) -> None:
    random = np.random.default_rng(seed)
    plain = synthetic(SHAPE, KEPT, Dials(), NOTHING, random)
    assert np.count_nonzero(plain) == KEPT
    spread = [synthetic(SHAPE, KEPT, Dials(spread=4.0), NOTHING, random) for _ in range(20)]
    sizes = np.array([np.count_nonzero(each, axis=(1, 2, 3)) for each in spread])
    assert sizes.std(1).mean() == pytest.approx(4.0, abs=0.25)
    assert sizes.mean() == pytest.approx(KEPT / 64, abs=0.3)
    ratio = np.stack([synthetic(SHAPE, KEPT, Dials(ratio=2.0), NOTHING, random) for _ in range(10)])
    assert (ratio > 0).sum() / (ratio < 0).sum() == pytest.approx(2, rel=0.1)
    together = cooccurrence(random_set(seed).flat)
    followed = synthetic(SHAPE, KEPT, Dials(ratio=2.0, grouping=1.0), together, random)
    assert np.count_nonzero(followed) == KEPT


def test_a_reference_without_partners_still_fills_kernels() -> None:
    together = {**NOTHING, "pos_pos": np.diag([5, 0, 0, 0, 0, 0, 0, 0, 0])}
    made = synthetic((4, 1, 3, 3), 20, Dials(grouping=1.0), together, np.random.default_rng(0))
    assert np.count_nonzero(made) == 20


@pytest.mark.parametrize("dials", [{"ratio": 0.0}, {"grouping": 1.5}, {"spread": -1.0}])
def test_impossible_dials_are_refused(dials: dict) -> None:
    with pytest.raises(TombolaError, match="Dials"):
        Dials(**dials)


def test_least_squares_by_hand() -> None:
    x, z = np.arange(8.0), np.array([1.0, 0, 1, 0, 0, 1, 0, 1])
    fit = least_squares([("x", x), ("z", z)], 3 + 2 * x - z)
    assert fit.slopes.tolist() == pytest.approx([2, -1])
    assert (fit.intercept, fit.r_squared) == (pytest.approx(3), pytest.approx(1))
    import scipy.stats

    y = np.array([0.1, 0.9, 2.2, 2.8, 4.1, 5.2, 5.8, 7.3])
    one, theirs = least_squares([("x", x)], y), scipy.stats.linregress(x, y)
    assert one.slopes[0] == pytest.approx(theirs.slope)
    assert one.p[0] == pytest.approx(theirs.pvalue)
    assert one.r_squared == pytest.approx(theirs.rvalue**2)
    with pytest.raises(TombolaError, match="do not determine"):
        least_squares([("x", x), ("twice", 2 * x)], y)


def test_a_sign_ratio_that_makes_the_gap_is_found_to_explain_it() -> None:
    reference = random_set(5, 4, Dials(ratio=3.0))
    ranges = {"ratio": (1.0, 2.0, 3.0, 4.0), "spread": (2.4, 3.0, 3.6)}
    found = explain(reference, ranges=ranges, each=3, joint=12)
    single = found.fits[found.fits.fit == "single"].set_index("dial")
    assert found.gap > 0
    assert single.explained["ratio"] > 0.6
    assert abs(single.explained["spread"]) < 0.3
    assert {*found.points.dial} == {"ratio", "spread", "joint"}
    assert len(found.fits) == 4


def test_sets_by_condition_and_what_has_no_kernels() -> None:
    conv = {"conv": np.ones((2, 1, 3, 3), np.float32)}
    views = [NetworkView.of_arrays(f"{c}{n}", conv, condition=c) for c in "ab" for n in range(2)]
    assert [(each.condition, each.signs.shape) for each in kernel_sets(views)] == [
        ("a", (2, 2, 1, 3, 3)),
        ("b", (2, 2, 1, 3, 3)),
    ]
    with pytest.raises(TombolaError, match="no convolution"):
        kernel_sets([NetworkView.of_arrays("mlp", {"a": np.ones((2, 3), np.float32)})])
    with pytest.raises(TombolaError, match="one network"):
        explain(random_set(0, 1))
