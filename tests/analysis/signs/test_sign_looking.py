from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from tombola.analysis.material import NetworkView
from tombola.analysis.signs import edge_pooled, look_at_signs, pooled, sign_flips, sign_table, trajectory
from tombola.errors import TombolaError

Generated = Callable[..., dict[str, np.ndarray]]


@pytest.fixture
def networks(generated: Generated) -> list[NetworkView]:
    return [
        NetworkView.of_arrays(f"{condition}{k}", generated(k + 10 * i, 0.4), condition=condition, replicate=k)
        for i, condition in enumerate(("tickets", "random"))
        for k in range(4)
    ]


def test_pooled_and_edge_pooled_by_hand(networks: list[NetworkView]) -> None:
    table = sign_table(networks)
    row = pooled(table).set_index(["condition", "layer"]).loc[("tickets", "linear0.weight")]
    living = table[(table.dead == "") & (table.condition == "tickets") & (table.layer == "linear0.weight")]
    assert (row.networks, row.units) == (4, len(living))
    assert row.sign_rate_in_mean == pytest.approx(living.sign_rate_in.mean())
    assert row.sign_rate_in_sd == pytest.approx(np.std(living.sign_rate_in))
    assert row.sign_correlation == pytest.approx(np.corrcoef(living.sign_rate_in, living.sign_rate_out)[0, 1])
    edges = edge_pooled(table).set_index(["network_id", "layer"])
    for view in networks:
        weights = view.weights("linear2.weight")
        found = edges.loc[(view.label, "linear2.weight")]
        own = table[(table.network_id == view.label) & (table.layer == "linear2.weight")]
        assert found.pruned_fraction == pytest.approx((weights == 0).mean())
        assert found.dead == (own.dead != "").sum()
        assert found.edge_sign_rate_in == pytest.approx((weights > 0).sum() / (weights != 0).sum())
        assert np.isnan(found.edge_sign_rate_out)


def test_flips_are_counted_among_survivors() -> None:
    before = {"a": np.array([[1, -1, 2, -2], [3, 4, 0, 0]], np.float32), "b": np.ones((2, 2), np.float32)}
    after = {"a": np.array([[1, 1, -2, -2], [0, 5, 0, 0]], np.float32), "b": np.ones((2, 2), np.float32)}
    keep = {"a": np.array([[True] * 4, [True, True, False, False]]), "b": np.ones((2, 2), bool)}
    first = NetworkView.of_arrays("n", before, mask=keep)
    last = NetworkView.of_arrays("n", after, mask=keep, stage="trained")
    table = sign_flips([first], [last]).set_index("layer")
    row = table.loc["a.weight"]
    counts = ["kept", "became_negative", "became_positive", "became_zero"]
    assert row[counts].tolist() == [6, 1, 1, 1]
    assert (row.flip_rate, row.flip_rate_by_chance) == pytest.approx((0.4, 0.4 * 0.6 + 0.6 * 0.4))
    assert table.loc["all"].flip_rate == pytest.approx(2 / 9)
    assert row.stage == "initial to trained"
    with pytest.raises(TombolaError, match="same networks"):
        sign_flips([first], [last, last])


def test_trajectory_is_paired_within_replicates(networks: list[NetworkView]) -> None:
    levels = [replace(view, level=i, condition=f"run, level {i}") for i, view in enumerate(networks[:2])]
    levels += [replace(view, level=i, condition=f"run, level {i}", replicate=9) for i, view in enumerate(networks[2:4])]
    levels = [replace(view, replicate=replicate) for view, replicate in zip(levels, (0, 0, 1, 1), strict=True)]
    found = trajectory(sign_table(levels))
    assert set(found.condition) == {"run"}
    row = found[(found.layer == "linear0.weight") & (found.level == 1) & (found.quantity == "pruned_fraction")].iloc[0]
    pruned = [1 - view.mask["linear0.weight"].double().mean().item() for view in levels]
    assert row["mean"] == pytest.approx(np.mean(pruned[1::2]))
    assert row.change == pytest.approx(np.mean(np.subtract(pruned[1::2], pruned[::2])))
    assert row.n == 2
    assert (found[found.level == 0].change.dropna() == 0).all()


def test_the_whole_analysis_says_what_it_rests_on(networks: list[NetworkView]) -> None:
    found = look_at_signs(networks, random="random", splits=5)
    assert list(found.tables) == [
        "networks", "pooled", "neurons", "pair_summary", "pairs", "noise", "hypotheses", "verdicts",
    ]  # fmt: skip
    pairs = found.tables["pairs"].drop_duplicates(["net_a", "net_b", "layer", "variable", "measure"])
    noise = found.tables["noise"].set_index(["condition", "layer", "variable", "measure"])
    for key, row in noise.iterrows():
        condition, layer, variable, measure = key  # type: ignore[misc]
        cell = pairs[(pairs.layer == layer) & (pairs.variable == variable) & (pairs.measure == measure)]
        own = cell[(cell.condition_a == condition) & (cell.condition_b == condition)]
        across = cell[(cell.condition_a == condition) ^ (cell.condition_b == condition)]
        assert row.pairs == own.value.notna().sum()
        for mine, theirs in ((row.noise, own.value), (row.floor_mean, own.floor_mean), (row.others, across.value)):
            assert mine == pytest.approx(theirs.mean(), nan_ok=True)
    assert set(found.tables["hypotheses"].hypothesis) == {"H1", "H2"}
    assert set(found.tables["pairs"].variable) == {
        "prune_rate_in",
        "prune_rate_out",
        "sign_rate_in",
        "sign_rate_out",
        "joint",
    }
    assert found.tables["pairs"].floor_mean.notna().mean() > 0.9
    text = " ".join(found.notes)
    assert "effective mask" in text
    assert "16 equal bins" in text
    assert "H1 (tickets are more alike" in text
    assert "So few networks" in text
    for table in found.tables.values():
        assert not table.columns.duplicated().any()
        pd.testing.assert_frame_equal(table, table.reset_index(drop=True))


def test_a_single_network_has_no_pairs(networks: list[NetworkView]) -> None:
    assert set(look_at_signs(networks[:1]).tables) == {"networks", "pooled", "neurons"}


def test_trained_tickets_have_flips_and_shared_replicates_are_told(networks: list[NetworkView]) -> None:
    trained = [
        replace(view, stage="trained", run="r", begin=lambda state=view.state: {k: -v for k, v in state.items()})
        for view in networks
    ]
    found = look_at_signs(trained, measures=("w1",), splits=0)
    assert (found.tables["flips"].flip_rate == 1).all()
    assert any("same replicates" in note for note in found.notes)


def test_what_does_not_exist_is_refused(networks: list[NetworkView]) -> None:
    for options, message in (
        ({"random": "rndom"}, "did you mean 'random'"),
        ({"layers": ("nothing",)}, "layer 'nothing'"),
        ({"measures": ("nothing",)}, "unknown measure"),
    ):
        with pytest.raises(TombolaError, match=message):
            look_at_signs(networks, splits=0, **options)


def test_it_does_not_change_what_it_looks_at(networks: list[NetworkView]) -> None:
    before = [{name: value.clone() for name, value in view.state.items()} for view in networks]
    look_at_signs(networks, measures=("w1",), splits=2)
    for view, state in zip(networks, before, strict=True):
        assert all(torch.equal(value, state[name]) for name, value in view.state.items())
