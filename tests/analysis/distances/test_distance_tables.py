"""Pair tables, matrices, groups and comparisons of conditions."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tombola.analysis.distances import (
    Network,
    compare_conditions,
    group_means,
    network_distance,
    pair_table,
    square,
)
from tombola.analysis.distances.pairs import grouped
from tombola.errors import TombolaError

from .conftest import sparse_weights

SHAPES = {"a": (12, 20), "b": (4, 12)}


def near(base: dict, seed: int, moved: float) -> dict:
    """Return weights most of which are those of another network."""
    other = sparse_weights(SHAPES, 0.3, seed)
    random = np.random.default_rng(seed)
    return {n: np.where(random.random(w.shape) < moved, other[n], w) for n, w in base.items()}


@pytest.fixture(scope="module")
def networks() -> list[Network]:
    bases = {name: sparse_weights(SHAPES, 0.3, seed) for seed, name in enumerate(("ticket", "random"))}
    made = []
    for condition, base in bases.items():
        for number in range(4):
            network = Network.of_arrays(f"{condition}{number}", near(base, 10 + number, 0.2), condition=condition)
            made.append(replace(network, initial_digest=str(number)))
    return made


@pytest.fixture(scope="module")
def table(networks: list[Network]) -> pd.DataFrame:
    return pair_table(networks, ("nnstd", "sasd"), nulls=("layer-density",), draws=4)


def test_a_row_per_pair_entry_and_layer(table: pd.DataFrame, networks: list[Network]) -> None:
    assert len(table) == 28 * 2 * 3
    row = table[(table.net_a == "ticket0") & (table.net_b == "random0") & (table.entry == "sasd")].set_index("layer")
    expected = network_distance(networks[0], networks[4], "sasd")
    assert row.value["all"] == expected.value
    assert row.value["a"] == expected.layers[0].value
    assert row.pooled["b"] == expected.layers[1].pooled
    assert row.unordered["all"] >= row.value["all"]
    assert bool(row.shared_init["all"]) is True
    assert row.units["all"] == 16
    first = table[(table.net_a == "ticket0") & (table.net_b == "ticket1")]
    assert not first.shared_init.astype(bool).any()
    assert np.isfinite(table["null_layer-density_z"]).all()


def test_tickets_of_one_base_lie_far_below_their_null(table: pd.DataFrame) -> None:
    whole = table[(table.layer == "all") & (table.entry == "sasd")]
    within = whole[whole.condition_a == whole.condition_b]
    assert (within["null_layer-density_z"] < -3).all()
    assert (within["null_layer-density_percentile"] == 0).all()


def test_matrices_are_symmetric_with_zero_diagonal(table: pd.DataFrame) -> None:
    matrix = square(table, "sasd")
    assert (matrix.to_numpy() == matrix.to_numpy().T).all()
    assert (np.diag(matrix) == 0).all()
    assert list(matrix.index[:2]) == ["ticket0", "ticket1"]
    with pytest.raises(TombolaError, match="no distances 'maed'"):
        square(table, "maed")


def test_groups_and_comparison(table: pd.DataFrame) -> None:
    groups = group_means(table)
    whole = groups[(groups.entry == "sasd") & (groups.layer == "all")].set_index("group")
    pairs = [("ticket", "ticket"), ("random", "random"), ("ticket", "random")]
    assert list(whole.index) == [" \N{EN DASH} ".join(pair) for pair in pairs]
    assert whole.pairs.tolist() == [6, 6, 16]
    assert whole.shared_init.tolist() == [0, 0, 4]
    tests = compare_conditions(table, ("all",))
    row = tests[tests.entry == "sasd"].iloc[0]
    assert row.difference == pytest.approx(row["between"] - row["within"])
    assert row.difference > 0
    assert row.p == pytest.approx(2 / 70)
    assert row.low > 0
    assert {"p_holm", "p_bh"} <= {*tests.columns}
    # conditions of equal size: the model's difference is that of the means
    assert row.model_difference == pytest.approx(row.difference, abs=1e-9)
    assert 0 < row.model_low < row.difference < row.model_high
    assert row.pair_sd > 0


def test_group_names_do_not_depend_on_the_order_of_a_pair(table: pd.DataFrame) -> None:
    turned = table.rename(columns={"condition_a": "condition_b", "condition_b": "condition_a"})
    assert grouped(turned).group.nunique() == 3


def test_single_conditions_are_not_compared(networks: list[Network]) -> None:
    table = pair_table(networks[:2] + networks[4:5])
    assert compare_conditions(table).empty
    assert group_means(table).within.tolist() == [True] * 3 + [False] * 3


def test_labels_must_differ_and_two_networks_are_needed(networks: list[Network]) -> None:
    with pytest.raises(TombolaError, match="two networks are called 'ticket0'"):
        pair_table([networks[0], networks[0]])
    with pytest.raises(TombolaError, match="1 networks have no distance"):
        pair_table(networks[:1])


def test_layers_of_other_names_are_paired_in_order(networks: list[Network]) -> None:
    renamed = Network.of_arrays("other", {"x": np.eye(12, 20), "y": np.eye(4, 12)})
    assert {*pair_table([networks[0], renamed]).layer} == {"a", "b", "all"}
