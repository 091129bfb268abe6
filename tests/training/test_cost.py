import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tombola.networks import LayerGraph, layer_graph
from tombola.training.cost import book, nominal_seconds
from tombola.training.cost.dense_rates import DenseRates
from tombola.training.cost.model import CostModel
from tombola.training.cost.tile_rates import WIDTHS, SparseRates, TileRates
from tombola.training.cost.timing import between
from tombola.training.cost.work import layer_work, step_flops

TILES = {
    width: TileRates(width, 5.0, 5.0 + 9.0 * width, 5.0 + 3.0 * width, [(24e3, 0.4 * width), (4e6, width)], 0.2)
    for width in WIDTHS
}
ELEMENTS = ("gather", "loss", "relu", "tanh", "add", "pool", "pool_back", "norm", "norm_back", "turn", "turn_back")
MODEL = CostModel(
    DenseRates(
        step=2e5,
        layer=5e4,
        pixel=0.2,
        linear=[(2e5, 0.02, 0.02, 0.02), (4e6, 0.03, 0.03, 0.03)],
        conv=[(3.0, 64.0, 32.0, 0.02, 0.03), (64.0, 64.0, 32.0, 0.01, 0.02)],
        optimiser=[(3e4, 2.0), (4e6, 1.0)],
        element={
            "relu": [(1e6, 0.1, 0.2), (4e6, 0.6, 0.8)],
            "tanh": [(1e6, 1.0, 0.2)],
            "pool": [(1e6, 0.5, 0.3)],
            "batch_norm": [(1e6, 0.8, 2.0)],
        },
    ),
    SparseRates(
        sums=TILES,
        dots=TILES,
        permute=[(1e4, 0.5), (2e6, 1.2)],
        optimiser=[(1e4, 0.4), (2e6, 0.5)],
        element={name: [(1e6, 1.0), (1.6e7, 3.0)] for name in ELEMENTS},
        step=500.0,
    ),
)


def lenet() -> LayerGraph:
    layers = (nn.Linear(784, 300), nn.Tanh(), nn.Linear(300, 100), nn.Tanh(), nn.Linear(100, 10))
    return layer_graph(nn.Sequential(nn.Flatten(), *layers).to("meta"), (1, 28, 28))


def conv(stride: int = 1) -> LayerGraph:
    body = (nn.Conv2d(3, 8, 3, stride, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 16, 3, stride, 1), nn.ReLU())
    side = 24 if stride == 1 else 6
    head = (nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16 * (side // 2) ** 2, 10))
    return layer_graph(nn.Sequential(*body, *head).to("meta"), (3, 24, 24))


GRAPHS: dict[str, Callable[[], LayerGraph]] = {"lenet": lenet, "conv": conv, "strided": lambda: conv(2)}


@pytest.mark.parametrize("name", GRAPHS)
@settings(deadline=None)
@given(densities=st.lists(st.floats(0, 1), min_size=2, max_size=5), batch=st.integers(1, 130))
def test_predictions_are_positive_and_sparse_ones_fall_with_the_density(
    name: str, densities: list[float], batch: int
) -> None:
    graph = GRAPHS[name]()
    steps, images, dense = [], [], set()
    for density in sorted(densities):
        found = MODEL.predict(graph, {str(node.weight): density for node in graph.weighted()}, batch)
        steps.append(found["sparse"].step)
        images.append(found["sparse"].image)
        dense.add((found["dense"].step, found["dense"].image))
    assert min(steps) > 0
    assert min(images) > 0
    assert min(min(pair) for pair in dense) > 0
    assert len(dense) == 1
    for low, high in pairwise(steps):
        assert low <= high * 1.02  # more blocks of a denser layer may stay in a nearer cache
    assert all(image < step for image, step in zip(images, steps, strict=True))


def test_a_weight_that_is_not_named_is_dense() -> None:
    graph = lenet()
    named = {str(node.weight): 1.0 for node in graph.weighted()}
    assert MODEL.predict(graph, named, 60) == MODEL.predict(graph, {}, 60)


def test_the_work_of_a_network_is_that_of_its_layers() -> None:
    first, second, last = layer_work(conv())
    assert (first.weights, first.products, first.first) == (216, 216 * 576, True)
    assert (second.weights, second.products, second.first) == (1152, 1152 * 576, False)
    assert (last.inputs, last.outputs, last.products) == (2304, 10, 23040)
    expected = 2 * 7 * (2 * first.products + 3 * second.products + 3 * last.products)
    assert step_flops(conv(), 7) == expected


def test_larger_batches_and_larger_networks_cost_more() -> None:
    graph = conv()
    small, large = (MODEL.predict(graph, {}, batch) for batch in (16, 64))
    for engine in ("dense", "sparse"):
        assert small[engine].step < large[engine].step
        assert MODEL.predict(conv(2), {}, 16)[engine].step < small[engine].step


def test_a_model_survives_json() -> None:
    assert CostModel.from_json(json.loads(json.dumps(MODEL.as_json()))) == MODEL


def test_a_curve_is_followed_between_its_points_and_level_beyond() -> None:
    curve = [(1.0, 1.0), (100.0, 3.0)]
    assert [between(curve, place) for place in (0.5, 1, 10, 100, 1e6)] == [1, 1, 2, 3, 3]


def test_memory_of_large_maps_counts() -> None:
    cached = {width: replace(tile, far=tile.row, again=tile.row) for width, tile in TILES.items()}
    light = replace(MODEL, sparse=replace(MODEL.sparse, sums=cached))
    body = nn.Sequential(nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(64 * 32 * 32, 10))
    graph = layer_graph(body.to("meta"), (3, 32, 32))
    assert light.predict(graph, {}, 60)["sparse"].step < 0.95 * MODEL.predict(graph, {}, 60)["sparse"].step


@pytest.fixture
def measurements(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """Nothing is measured really, and every measurement is noted with its threads."""
    calls: list[int] = []

    def measure(threads: int) -> CostModel:
        calls.append(threads)
        return MODEL

    monkeypatch.setattr(book, "measured", measure)
    monkeypatch.setattr(book, "user_cache", lambda: tmp_path)
    return calls


def test_a_machine_is_measured_once(measurements: list[int]) -> None:
    assert book.cost_model(measure=False) is None
    assert [book.cost_model() for _ in range(3)] == [MODEL] * 3
    assert book.cost_model(measure=False) == MODEL
    assert measurements == [1]
    book.cost_model(2)
    assert measurements == [1, 2]


@pytest.mark.parametrize("what", ["processor", "_versions", "sources"])
def test_a_change_of_what_it_rests_on_measures_anew(
    what: str, measurements: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    book.cost_model()
    monkeypatch.setattr(book, what, lambda: "another")
    book.cost_model()
    assert len(measurements) == 2


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", '{"dense": 3, "sparse": 4}'])
def test_a_damaged_book_is_measured_anew(damage: str, measurements: list[int]) -> None:
    book.cost_model()
    book.book_file(1).write_text(damage)
    assert book.cost_model() == MODEL
    assert len(measurements) == 2
    assert CostModel.from_json(json.loads(book.book_file(1).read_text())) == MODEL


def test_a_cache_that_cannot_be_written_is_no_reason_to_stop(
    measurements: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(book, "user_cache", lambda: tmp_path / "file")
    assert book.cost_model() == MODEL


def test_short_work_needs_no_measurement() -> None:
    assert 1e-4 < nominal_seconds(lenet(), 60) < 5e-3
    assert nominal_seconds(lenet(), 600) > nominal_seconds(lenet(), 60)
