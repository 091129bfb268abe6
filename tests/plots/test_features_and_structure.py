"""The analyses features, features-sna2023 and structure: tables, notes, every figure; degenerate networks too."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from tombola.analysis.features.grouping import MEASURES, WHOLE
from tombola.analysis.material import NetworkView
from tombola.analysis.structure.expected import expected_gaps, expected_run_sizes, expected_runs, expected_score
from tombola.analysis.structure.kernel_graphs import kernel_scores
from tombola.analysis.structure.runs import find_runs_sna2023
from tombola.data import load
from tombola.data.dataset import Dataset
from tombola.errors import TombolaError
from tombola.networks import build, layer_graph, prunable_layers
from tombola.plots.analyses import Material, Result, analyses
from tombola.plots.analyses.features_figures import spread
from tombola.plots.analyses.features_matrices import short_labels
from tombola.plots.analyses.structure_pictures import support_picture
from tombola.pruning import Mask
from tombola.specs import DataSpec, NetworkSpec

NAMES = ("features", "features-sna2023", "structure")


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load(DataSpec(name="digits"), 0)


def network(seed: int, condition: str, density: float, *, convolutions: bool = False) -> NetworkView:
    random = np.random.default_rng(seed)
    shapes: dict[str, Sequence[int]] = {"a": (12, 64), "b": (9, 12), "c": (10, 9)}
    if convolutions:
        shapes = {"a": (4, 1, 3, 3), "b": (5, 4, 3, 3), "c": (10, 5 * 64)}
    weights = {
        name: (random.standard_normal(shape) * (random.random(shape) < density)).astype(np.float32)
        for name, shape in shapes.items()
    }
    return NetworkView.of_arrays(f"run/{condition}/{seed}", weights, condition=condition)


def draw(name: str, views: Sequence[NetworkView], data: Dataset, **options: object) -> tuple[Result, dict[str, Figure]]:
    analysis = analyses[name]
    chosen = {key: default for key, (default, _) in analysis.options.items()} | options
    result = analysis.compute(Material(views, data, chosen))
    made = {figure: function(result) for figure, function in analysis.figures.items()}
    for figure in made.values():
        if figure is not None:
            figure.canvas.draw()  # layout and text fail here, not when they are made
    return result, {key: figure for key, figure in made.items() if figure is not None}


def test_features_of_networks_without_convolutions(digits: Dataset) -> None:
    views = [network(0, "one", 0.5), network(2, "two", 0.3), network(1, "one", 0.5)]
    result, made = draw("features", views, digits, images=60, bins=5, groups=3)
    assert set(made) == set(analyses["features"].figures)
    pairs, summary = result.tables["pairs"], result.tables["summary"]
    assert len(pairs) == 3 * 4
    assert summary.group.tolist() == ["one", "one \N{EN DASH} two"]
    assert summary.n_pairs.tolist() == [1, 2]
    whole = pairs[pairs.layer == WHOLE].iloc[0]
    own = pairs[(pairs.layer != WHOLE) & (pairs.net_a == whole.net_a) & (pairs.net_b == whole.net_b)]
    for name in MEASURES:
        assert whole[name] == pytest.approx(own[name].mean())
    assert (pairs.matched > pairs.chance_matched).mean() > 0.5
    assert {"information", "unit_groups", "prediction", "matching"} <= set(result.tables)
    assert "60 validation images" in result.notes[0]
    assert "a after relu" in result.notes[0]
    assert any("10 samples per unit in" in note for note in result.notes)


def test_features_of_one_network_are_refused(digits: Dataset) -> None:
    for name in ("features", "features-sna2023"):
        with pytest.raises(TombolaError, match="one only"):
            draw(name, [network(0, "one", 0.5)], digits, images=10)
        with pytest.raises(TombolaError, match="need"):
            analyses[name].compute(Material([network(0, "one", 0.5)] * 2))


def test_the_published_features(digits: Dataset) -> None:
    views = [network(0, "one", 0.5), network(1, "one", 0.5), network(2, "two", 0.5)]
    result, made = draw("features-sna2023", views, digits, images=40)
    assert set(made) == {"similarity", "correlations", "correlations_pairs", "curves", "responses"}
    pairs = result.tables["pairs"]
    for (a, b), part in pairs.groupby(["net_a", "net_b"]):
        own = part.similarity[part.layer != WHOLE]
        assert part.similarity[part.layer == WHOLE].item() == pytest.approx(own.mean()), (a, b)
    assert result.tables["groups"]["mean"].between(0, 1).all()


def test_structure_tables_of_networks_with_convolutions(digits: Dataset) -> None:
    views = [network(seed, condition, 0.4, convolutions=True) for seed, condition in enumerate("xxy")]
    result, made = draw("structure", views, digits)
    assert set(made) == set(analyses["structure"].figures)
    layers, units = result.tables["layers"], result.tables["units"]
    assert len(layers) == 9
    assert len(units) == 3 * (4 + 5 + 10)
    first = layers[(layers.network == views[0].label) & (layers.layer == "b.weight")].iloc[0]
    keep = views[0].keep("b.weight")
    assert first.density == pytest.approx(keep.mean())
    assert first.kernel_score == pytest.approx(kernel_scores(keep).mean())
    assert result.tables["supports"].groupby("network")["count"].sum().le(4 + 20).all()
    assert set(result.tables["summary"].n) == {1, 2}


def test_betweenness_of_residual_networks_is_drawn_for_every_hidden_layer() -> None:
    module = build(NetworkSpec(architecture="resnet20"), (3, 8, 8), 10)
    layers, graph = tuple(prunable_layers(module)), layer_graph(module, (3, 8, 8))
    random = np.random.default_rng(0)
    mask = Mask({layer.name: torch.from_numpy(random.random(layer.shape) < 0.1) for layer in layers})
    state = {name: value.clone() for name, value in module.state_dict().items()}
    mask.apply_(state)
    analysis = analyses["structure"]
    result = analysis.compute(Material([NetworkView("n", "c", layers, mask, lambda: state, graph)]))
    units = result.tables["units"]
    assert units.betweenness.isna().equals(units.layer == "fc.weight")
    figure = analysis.figures["betweenness"](result)
    assert figure is not None
    figure.canvas.draw()
    (axes,) = figure.axes
    names = [layer.name.removesuffix(".weight") for layer in layers]
    assert [label.get_text() for label in axes.get_xticklabels()] == names[:-1]
    assert axes.get_position().height > 0.5, "names leave room for what is drawn"
    result = analysis.compute(Material([NetworkView("n", "c", layers, mask, lambda: state)]))
    assert result.tables["units"].betweenness.isna().all(), "projections make no chain"
    assert analysis.figures["betweenness"](result) is None


@pytest.mark.parametrize("convolutions", [False, True])
def test_degenerate_networks_are_drawn(digits: Dataset, convolutions: bool) -> None:
    empty = network(0, "empty", 0, convolutions=convolutions)
    whole = network(1, "dense, a condition with quite a long name", 2, convolutions=convolutions)
    for name in NAMES:
        for views in ([empty, whole], [empty, network(3, "empty", 0, convolutions=convolutions)]):
            if name != "features-sna2023" or not convolutions:
                result, _ = draw(name, views, digits, **({} if name == "structure" else {"images": 12}))
                assert all(isinstance(table, pd.DataFrame) for table in result.tables.values())
    result, _ = draw("structure", [empty], digits)
    assert result.tables["networks"].log10_paths.item() == -np.inf


def test_a_full_kernel_never_looks_like_an_empty_one() -> None:
    colours = []
    for bits in ("111/111/111", "000/000/000"):
        axes = Figure().subplots()
        support_picture(axes, bits, 1, 1.0)
        image = axes.images[0]
        colours.append({to_hex(colour) for colour in image.cmap(image.norm(image.get_array())).reshape(-1, 4)})
    assert colours[0].isdisjoint(colours[1])


def test_what_chance_makes_is_what_random_layers_have() -> None:
    random = np.random.default_rng(0)
    keep = random.random((2000, 60)) < 0.2
    kept = keep.sum(1)
    places = [np.flatnonzero(row) for row in keep]
    runs = np.array([1 + (np.diff(place) > 1).sum() for place in places])
    gaps = np.array([np.diff(place).mean() for place in places])
    assert expected_runs(kept, 60).mean() == pytest.approx(runs.mean(), rel=0.01)
    assert expected_gaps(kept, 60).mean() == pytest.approx(gaps.mean(), rel=0.03)
    assert expected_run_sizes(kept, 60).mean() == pytest.approx((kept / runs).mean(), rel=0.05)
    kernels = random.random((300, 300, 3, 3)) < 0.3
    for adjacency in ("manhattan", "euclidean"):
        scores = kernel_scores(kernels, adjacency)  # type: ignore[arg-type]
        assert expected_score((3, 3), 0.3, adjacency) == pytest.approx(scores.mean(), abs=0.005)  # type: ignore[arg-type]
    assert np.isnan(expected_score((5, 5), 0.3))


def test_published_run_counts_of_random_networks() -> None:
    """Sparse-analysis reference, 7.7: FC 20 %, random: 126 15 15 15 15 16 (20.184 % remain)."""
    random = np.random.default_rng(0)
    means = [
        np.nan_to_num(find_runs_sna2023(random.random((units, inputs)) < 0.20184).count).mean()
        for units, inputs in ((300, 784), (300, 100))
    ]
    assert means == pytest.approx([126, 15.5], abs=1)


def test_labels_and_layers_that_are_shown() -> None:
    assert short_labels(["run/0/4", "run/1/4"]) == ["0/4", "1/4"]
    assert short_labels(["one/0/4", "two/0/4"]) == ["one/0/4", "two/0/4"]
    assert short_labels(["run/0/4", "run/0/4"]) == ["4", "4"]
    assert short_labels(["run/0/4"]) == ["run/0/4"]
    assert spread([str(number) for number in range(20)]) == ["0", "4", "8", "11", "15", "19"]
    assert spread(["a"]) == ["a"]
