from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tombola.analysis.signs import VARIABLES, distance, distances, joint_distance, measures, pair_summary, pair_table
from tombola.analysis.signs.floors import Splits, floor_of
from tombola.analysis.signs.measures.between import pooled_scale
from tombola.analysis.signs.pair_sets import all_pair_sets, declared_pair_sets, published_pair_sets
from tombola.errors import TombolaError

Rates = Callable[[int, int], np.ndarray]


def table_of(networks: dict[str, tuple[str, np.ndarray]], layer: str = "dense1") -> pd.DataFrame:
    """A sign table from rates, network by network."""
    parts = [
        pd.DataFrame(rates, columns=list(VARIABLES)).assign(network_id=name, condition=condition, layer=layer, dead="")
        for name, (condition, rates) in networks.items()
    ]
    return pd.concat(parts, ignore_index=True).assign(fan_out=16.0)


@pytest.fixture
def table(f1_rates: Rates) -> pd.DataFrame:
    return table_of({f"{'AB'[g]}{k}": ("AB"[g], f1_rates(k, g)[: 48 - k]) for g in (0, 1) for k in range(3)})


def test_matrices_are_the_distances_of_pairs(table: pd.DataFrame) -> None:
    found = distances(table, list(measures), splits=0)
    assert found.networks == ("A0", "A1", "A2", "B0", "B1", "B2")
    samples = [part[list(VARIABLES)].to_numpy() for _, part in table.groupby("network_id", sort=False)]
    for (layer, variable, name), matrices in found.cells.items():
        assert layer == "dense1"
        for i, a in enumerate(samples):
            for j, b in enumerate(samples):
                if i == j:
                    expected = 0.0
                elif variable == "joint":
                    expected = joint_distance(name, a, b, pooled_scale(samples))
                else:
                    place = VARIABLES.index(variable)
                    expected = distance(name, a[:, place], b[:, place])
                assert matrices.values[i, j] == pytest.approx(expected, abs=1e-12, nan_ok=True), (name, i, j)
        assert np.isnan(matrices.floor_mean).all()
    assert len(found.cells) == 4 * sum(measures[name].rows is None for name in measures) + 2


@pytest.mark.parametrize("name", list(measures))
@pytest.mark.parametrize("repeated", [True, False])
def test_floors_are_what_random_splits_of_the_pool_give(table: pd.DataFrame, name: str, repeated: bool) -> None:
    """The fast way over counts of splits against one distance after another, where values repeat and where not."""
    if not repeated:
        table = table[table.network_id != "B2"]
        rates = np.random.default_rng(0).random((len(table) + 9, 4)).round(2)
        last = pd.DataFrame(rates[-9:], columns=list(VARIABLES)).assign(network_id="B2", condition="B", layer="dense1")
        table = table.assign(**dict(zip(VARIABLES, rates[:-9].T, strict=True)))
        table = pd.concat([table, last.assign(dead="", fan_out=16.0)], ignore_index=True)
    found = distances(table, [name], splits=7)
    samples = [part[list(VARIABLES)].to_numpy() for _, part in table.groupby("network_id", sort=False)]
    drawn = Splits(7).firsts(len(samples[0]), len(samples[5]))
    pooled = np.concatenate([samples[0], samples[5]])
    for variable in ["joint"] if measures[name].rows is not None else VARIABLES:
        if variable == "joint":
            order = np.arange(len(pooled))
            values = [joint_distance(name, pooled[s], pooled[~s], pooled_scale(samples)) for s in drawn[:, order]]
        else:
            column = np.sort(pooled[:, VARIABLES.index(variable)])
            values = [distance(name, column[s], column[~s]) for s in drawn]
        floor, matrices = floor_of(np.array(values)), found.cells["dense1", variable, name]
        assert matrices.floor_mean[0, 5] == pytest.approx(floor.mean, abs=1e-9, nan_ok=True)
        assert matrices.floor_high[5, 0] == pytest.approx(floor.high, abs=1e-9, nan_ok=True)


def test_published_measures_of_continuous_values_are_at_their_floor() -> None:
    """Exact-value supports measure sample sizes (reference/signs.md 3): far apart or not, the distance is the floor."""
    rng = np.random.default_rng(0)
    table = table_of({"a": ("x", rng.random((100, 4))), "b": ("y", 0.5 * rng.random((100, 4)))})
    found = distances(table, ["jsd-signs2024", "w1"], splits=50)
    published, corrected = (found.cells["dense1", "sign_rate_in", name] for name in ("jsd-signs2024", "w1"))
    assert published.values[0, 1] == pytest.approx(published.floor_mean[0, 1])
    assert corrected.values[0, 1] > 3 * corrected.floor_high[0, 1]


def test_splits_are_seeded_sized_and_the_same_in_both_orders() -> None:
    splits = Splits(20)
    first, second = splits.firsts(5, 9), splits.firsts(9, 5)
    assert first.shape == (20, 14)
    assert (first.sum(1) == 5).all()
    assert (first == ~second).all()
    assert (Splits(20).firsts(5, 9) == first).all()
    assert len(np.unique(first, axis=0)) > 10
    assert not Splits(0)


def test_networks_without_living_units_have_no_distances(table: pd.DataFrame) -> None:
    table.loc[table.network_id == "A1", "dead"] = "both"
    found = distances(table, ["w1"], splits=3)
    values = found.cells["dense1", "sign_rate_in", "w1"].values
    assert np.isnan(values[1, [0, 2, 3, 4, 5]]).all()
    assert np.isfinite(np.delete(np.delete(values, 1, 0), 1, 1)).all()
    assert found.units["dense1", "sign_rate_in"].tolist() == [48, 0, 46, 48, 47, 46]


def test_mistakes_are_named(table: pd.DataFrame) -> None:
    with pytest.raises(TombolaError, match="layer 'dense9'"):
        distances(table, ["w1"], layers=["dense9"])
    with pytest.raises(TombolaError, match="two networks"):
        distances(table[table.network_id == "A0"], ["w1"])
    with pytest.raises(TombolaError, match="unknown measure"):
        distances(table, ["w2"])


def test_published_pair_sets_have_their_names_order_and_sizes() -> None:
    """reference/signs.md 4, fifteen networks of each of four conditions."""
    conditions = [name for name in ("CIFAR", "CINIC", "SVHN", "RSN") for _ in range(15)]
    sizes = {each.name: len(each.pairs(conditions)[0]) for each in published_pair_sets()}
    assert sizes == {
        **dict.fromkeys(("CIFAR", "CINIC", "SVHN", "RSN"), 105),
        **dict.fromkeys(("RSN_CIFAR", "RSN_CINIC", "RSN_SVHN", "CIFAR_SVHN", "CINIC_CIFAR", "SVHN_CINIC"), 225),
        **{"within_WTs": 315, "within_conditions": 420, "between_WTs_and_RSN": 675, "between_WT_datasets": 675},
    }
    assert list(sizes)[:6] == ["CIFAR", "CINIC", "SVHN", "RSN", "RSN_CIFAR", "RSN_CINIC"]
    sets = {each.name: each for each in published_pair_sets()}
    first, second = sets["RSN_CIFAR"].pairs(conditions)
    assert list(zip(first[:3], second[:3], strict=True)) == [(45, 0), (45, 1), (45, 2)]
    first, second = sets["CIFAR"].pairs(conditions)
    assert list(zip(first[13:15], second[13:15], strict=True)) == [(0, 14), (1, 2)]


def test_any_conditions_and_collectives_can_be_declared() -> None:
    sets = declared_pair_sets(["a", "b", "c"], {"near": [["a", "a"], ["a", "b"]]})
    assert list(sets) == ["a", "b", "c", "a_b", "a_c", "b_c", "within", "between", "near"]
    assert len(sets["near"].pairs(["a", "a", "a", "b", "b"])[0]) == 3 + 6
    assert [each.name for each in all_pair_sets(["only"])] == ["only"]
    with pytest.raises(TombolaError, match="collective 'near' names condition 'd'"):
        declared_pair_sets(["a", "b"], {"near": [["a", "d"]]})
    with pytest.raises(TombolaError, match="names two conditions"):
        declared_pair_sets(["a", "b"], {"near": [["a"]]})


def test_tidy_table_and_its_summary(table: pd.DataFrame) -> None:
    found = distances(table, ["w1", "jsd"], splits=5)
    sets = all_pair_sets(["A", "B"])
    tidy, summary = pair_table(found, sets[:3]), pair_summary(found, sets)
    assert len(tidy) == (3 + 3 + 9) * 8
    row = tidy.iloc[0]
    assert (row.net_a, row.net_b, row.condition_b, row.n_a, row.n_b) == ("A0", "A1", "A", 48, 47)
    assert (tidy.excess == tidy.value - tidy.floor_mean).all()
    within = tidy[tidy.pair_set.isin(["A", "B"])].groupby(["variable", "measure"]).value.mean()
    pooled = summary[summary.pair_set == "within"].set_index(["variable", "measure"])["mean"]
    pd.testing.assert_series_equal(within.sort_index(), pooled.sort_index(), check_names=False)
