from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tombola.analysis.material import NetworkView
from tombola.analysis.signs import layer_signs, readers, sign_table
from tombola.errors import TombolaError
from tombola.networks import layer_graph, prunable_layers
from tombola.pruning import Mask

COUNTS = ["pos_in", "pos_out", "neg_in", "neg_out"]
Generated = Callable[..., dict[str, np.ndarray]]


def view_of(module: nn.Module, shape: tuple[int, ...], graph: bool = True, seed: int = 0) -> NetworkView:
    """A view of any module with a random mask of density one half."""
    layers = prunable_layers(module)
    generator = torch.Generator().manual_seed(seed)
    mask = Mask({layer.name: torch.rand(layer.shape, generator=generator) < 0.5 for layer in layers})
    state = {name: value.detach().clone() for name, value in module.state_dict().items()}
    mask.apply_(state)
    return NetworkView("net", "c", layers, mask, lambda: state, layer_graph(module, shape) if graph else None)


def by_hand(view: NetworkView, layer: str, unit: int, reader: str, inputs: np.ndarray) -> list[int]:
    """Positive and negative weights into a unit, and out of it through some inputs of a reader."""
    into, out = view.weights(layer)[unit], view.weights(reader)[:, inputs]
    return [int((into > 0).sum()), int((out > 0).sum()), int((into < 0).sum()), int((out < 0).sum())]


@pytest.mark.parametrize(
    ("density", "layer", "alive", "dead", "first", "totals"),
    [
        # reference/signs.md 14, F2; it prints the first row as 0,7,1,1, but section 13's own first weights
        # (.826987 0 .711567 0 .967874) give unit 0 three positive inputs at least
        (0.3, 0, 16, (0, 0, 0), [[7, 0, 1, 1], [2, 2, 3, 1], [3, 2, 2, 1]], [54, 29, 46, 31]),
        (0.3, 1, 10, (0, 2, 0), None, [26, 11, 27, 14]),
        (0.08, 0, 11, (2, 3, 0), None, None),
        (0.08, 1, 6, (1, 4, 1), None, None),
    ],
)
def test_fixture_f2(generated: Generated, density, layer, alive, dead, first, totals) -> None:
    table = sign_table([NetworkView.of_arrays("g", generated(7, density))])
    rows = table[table.layer == f"linear{layer}.weight"]
    live = rows[rows.dead == ""]
    assert len(live) == alive
    assert tuple((rows.dead == kind).sum() for kind in ("no incoming", "no outgoing", "both")) == dead
    if totals is not None:
        assert live[COUNTS].sum().tolist() == totals
    if first is not None:
        assert live[COUNTS].head(3).to_numpy().tolist() == first


def test_rates_follow_from_counts_and_dead_units_have_none(generated: Generated) -> None:
    table = sign_table([NetworkView.of_arrays("g", generated(7, 0.08))])
    live, dead = table[table.dead == ""], table[table.dead != ""]
    for side in ("in", "out"):
        kept = live[f"pos_{side}"] + live[f"neg_{side}"]
        known = live[f"fan_{side}"].notna()
        np.testing.assert_array_equal(live[f"prune_rate_{side}"][known], (1 - kept / live[f"fan_{side}"])[known])
        np.testing.assert_array_equal(live[f"sign_rate_{side}"][known], (live[f"pos_{side}"] / kept)[known])
    assert len(dead)
    assert dead[["prune_rate_in", "prune_rate_out", "sign_rate_in", "sign_rate_out"]].isna().all(axis=None)
    assert table.groupby("layer").neuron.apply(list).map(lambda ids: ids == list(range(len(ids)))).all()


def test_output_units_have_only_what_comes_in(generated: Generated) -> None:
    table = sign_table([NetworkView.of_arrays("g", generated(7, 0.3))])
    outputs = table[table.kind == "output"]
    assert len(outputs) == 5
    assert outputs[["pos_out", "neg_out", "fan_out", "prune_rate_out", "sign_rate_out"]].isna().all(axis=None)
    assert outputs.sign_rate_in.notna().all()


def test_natural_zeros_are_kept_and_have_no_sign() -> None:
    weights = {"a": np.array([[1.0, 0.0, -1.0], [0.0, 0.0, 0.0]], np.float32), "b": np.ones((2, 2), np.float32)}
    keep = {"a": np.array([[True, True, True], [True, False, False]]), "b": np.ones((2, 2), bool)}
    table = sign_table([NetworkView.of_arrays("z", weights, mask=keep)])
    first, second = table[table.layer == "a.weight"].itertuples()
    assert (first.pos_in, first.neg_in, first.zero_in, first.prune_rate_in, first.sign_rate_in) == (1, 1, 1, 0.0, 0.5)
    assert (second.pos_in, second.neg_in, second.zero_in, second.dead) == (0, 0, 1, "")
    assert second.prune_rate_in == pytest.approx(2 / 3)
    assert np.isnan(second.sign_rate_in)


def test_dead_unit_with_a_bias_passes_a_constant_on() -> None:
    weights = {"a": np.zeros((2, 3), np.float32), "b": np.ones((2, 2), np.float32)}
    view = NetworkView.of_arrays("d", weights, biases={"a": np.array([0.0, 0.5], np.float32)})
    rows = sign_table([view])
    assert rows[rows.layer == "a.weight"].dead.tolist() == ["no incoming"] * 2
    assert rows[rows.layer == "a.weight"].constant.tolist() == [False, True]
    assert not rows[rows.layer == "b.weight"].constant.any()


def test_filters_read_by_filters_and_across_a_flattening() -> None:
    module = nn.Sequential(
        *(nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(4, 3, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 4 * 4, 5)),
    )
    view = view_of(module, (2, 8, 8))
    table = sign_table([view]).set_index(["layer", "neuron"])
    for unit in range(4):
        expected = by_hand(view, "0.weight", unit, "4.weight", np.array([unit]))
        assert table.loc[("0.weight", unit), COUNTS].tolist() == expected
    for unit in range(3):
        for order, inputs in (
            ("channels-first", np.arange(16) + 16 * unit),
            ("channels-last", 3 * np.arange(16) + unit),
        ):
            rows = sign_table([view], order).set_index(["layer", "neuron"])
            expected = by_hand(view, "4.weight", unit, "7.weight", inputs)
            assert rows.loc[("4.weight", unit), COUNTS].tolist() == expected
    assert (table.loc["0.weight"].fan_in == 18).all()
    assert (table.loc["0.weight"].fan_out == 27).all()
    assert (table.loc["4.weight"].fan_out == 80).all()


class Residual(nn.Module):
    """Two branches that are summed, and grouped convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.branch = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.last = nn.Linear(4 * 4 * 4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.stem(x))
        return self.last(torch.flatten(torch.relu(x + self.branch(x)), 1))


def test_both_ends_of_a_sum_are_read_by_what_reads_the_sum_and_groups_keep_their_channels() -> None:
    view = view_of(Residual(), (1, 4, 4))
    reading = readers(view)
    assert [reader.layer for reader in reading["stem.weight"]] == ["branch.weight", "last.weight"]
    assert [reader.layer for reader in reading["branch.weight"]] == ["last.weight"]
    assert reading["last.weight"] == ()
    table = sign_table([view]).set_index(["layer", "neuron"])
    branch, last = view.weights("branch.weight"), view.weights("last.weight")
    for unit in range(4):
        group, place = divmod(unit, 2)
        out = np.concatenate([branch[2 * group : 2 * group + 2, place].ravel(), last[:, 16 * unit :][:, :16].ravel()])
        row = table.loc[("stem.weight", unit)]
        assert (row.pos_out, row.neg_out, row.fan_out) == ((out > 0).sum(), (out < 0).sum(), out.size)


def test_network_without_a_graph_is_taken_as_a_chain() -> None:
    module = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 4, 2))
    with_graph, without = view_of(module, (1, 4, 4)), view_of(module, (1, 4, 4), graph=False)
    assert sign_table([with_graph]).equals(sign_table([without]))


def test_chain_that_does_not_fit_is_refused() -> None:
    view = view_of(nn.Sequential(nn.Linear(5, 3), nn.ReLU(), nn.Linear(3, 2)), (5,), graph=False)
    other = NetworkView("net", "c", view.layers[::-1], view.mask, view.read)
    with pytest.raises(TombolaError, match="layer graph"):
        list(layer_signs(other))


def test_unprunable_layers_behind_count_as_kept() -> None:
    module = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    full = view_of(module, (4,))
    mask = Mask({"0.weight": full.mask["0.weight"]})
    view = NetworkView("net", "c", full.layers[:1], mask, lambda: dict(module.state_dict()), full.graph)
    rows = sign_table([view])
    assert rows.layer.unique().tolist() == ["0.weight"]
    assert (rows.pos_out + rows.neg_out == 2).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), sizes=st.lists(st.integers(1, 7), min_size=3, max_size=4))
def test_what_goes_out_comes_in_and_order_of_units_does_not_matter(seed: int, sizes: list[int]) -> None:
    rng = np.random.default_rng(seed)
    weights = {
        f"l{i}": (rng.normal(size=(b, a)) * (rng.random((b, a)) < 0.4)).astype(np.float32)
        for i, (a, b) in enumerate(pairwise(sizes))
    }
    table = sign_table([NetworkView.of_arrays("x", weights)])
    order = rng.permutation(sizes[1])
    moved = dict(weights) | {"l0": weights["l0"][order], "l1": weights["l1"][:, order]}
    other = sign_table([NetworkView.of_arrays("x", moved)])
    for layer in ("l0.weight", "l1.weight"):
        own, theirs = (each[each.layer == layer].reset_index(drop=True) for each in (table, other))
        ids = order if layer == "l0.weight" else np.arange(sizes[2])
        left = own.drop(columns="neuron").iloc[ids].reset_index(drop=True)
        assert left.equals(theirs.drop(columns="neuron"))
    first, second = (table[table.layer == layer] for layer in ("l0.weight", "l1.weight"))
    assert (first.pos_out.sum(), first.neg_out.sum()) == (second.pos_in.sum(), second.neg_in.sum())
