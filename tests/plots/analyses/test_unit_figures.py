"""The analyses of clusters, contributions and overlap, from networks to figures; degenerate networks, too."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from tombola.analysis.contributions import methods
from tombola.analysis.material import NetworkView
from tombola.data import load
from tombola.data.dataset import Dataset
from tombola.errors import TombolaError
from tombola.plots.analyses import Material, Result, analyses
from tombola.plots.analyses.contributions_figures import lowess, score_density
from tombola.plots.analyses.overlap_figures import bare, square
from tombola.plots.analyses.unit_grid import density_contours
from tombola.plots.saving import encode_figure
from tombola.specs import DataSpec

SIZES = (64, 20, 16, 10)


def network(
    seed: int, density: float = 0.4, condition: str = "t", sizes: tuple[int, ...] = SIZES, **more: Any
) -> NetworkView:
    random = np.random.default_rng(seed)
    weights = {
        f"l{i}": (random.normal(size=(b, a)) / np.sqrt(a) * (random.random((b, a)) < density)).astype(np.float32)
        for i, (a, b) in enumerate(pairwise(sizes))
    }
    view = NetworkView.of_arrays(f"r/{condition}{seed}", weights, condition=condition, replicate=seed)
    # images come as one channel of 8 x 8, which the chain flattens first
    return replace(view, run="r", **more)


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load(DataSpec(name="digits"), 0)


def compute(name: str, views: list[NetworkView], data: Dataset | None = None, **options: object) -> Result:
    chosen = {option: default for option, (default, _) in analyses[name].options.items()} | options
    return analyses[name].compute(Material(views, data, chosen))


def run(name: str, views: list[NetworkView], data: Dataset | None = None, **options: object) -> tuple[Result, set[str]]:
    """Return what an analysis computes, and which of its figures there were; every one of them is drawn to a file."""
    result = compute(name, views, data, **options)
    figures = {figure: draw(result) for figure, draw in analyses[name].figures.items()}
    drawn = {figure: made for figure, made in figures.items() if made is not None}
    assert all(encode_figure(made, "png", dpi=30) for made in drawn.values())
    return result, set(drawn)


@pytest.mark.parametrize("options", [{}, {"method": "ward-signs2024"}, {"method": "gaussian-mixture", "k": 2}])
def test_clusters_from_networks_to_figures(options: dict[str, object]) -> None:
    views = [network(i, condition=c) for i, c in enumerate("aabb")]
    result = compute("clusters", views, **options)
    if not options:
        drawn = {name: draw(result) for name, draw in analyses["clusters"].figures.items()}
        assert set(drawn) == {"pair_grids", "shares", "choice"}
        assert all(made is not None and encode_figure(made, "png", dpi=30) for made in drawn.values())
    assert set(result.tables) == {"words", "clusters", "shares", "shares_by_network", "quality", "choice", "units"}
    text = " ".join(result.notes)
    assert "4 networks, 144 living hidden units of l0, l1; effective masks; 0 dead units left out" in text
    assert f"'{options.get('method', 'ward')}'" in text
    assert ("apart" in text) == (options.get("method") == "ward-signs2024")
    assert result.tables["shares"].groupby(["layer", "condition"]).ratio.sum().to_numpy() == pytest.approx(1)


def test_clusters_over_levels() -> None:
    views = [
        replace(network(i, density, f"run, level {level}"), level=level, replicate=i)
        for level, density in enumerate((0.9, 0.5, 0.3))
        for i in range(2)
    ]
    result = compute("clusters", views, k=2)
    figure = analyses["clusters"].figures["shares"](result)
    assert figure is not None
    assert [axes.get_xlabel() for axes in figure.axes] == ["level", "level"]
    assert set(result.tables["shares"].level) == {0, 1, 2}
    assert any("scope=apart" in note for note in result.notes)
    by_signs = compute("clusters", views, k=2, variables=("sign_rate_in", "sign_rate_out"))
    assert not any("scope=apart" in note for note in by_signs.notes)


def test_one_cluster_has_no_silhouette() -> None:
    """A layer of so few living units that one cluster is all that can be tried: no continuum, no largest number."""
    text = " ".join(compute("clusters", [network(0, sizes=(12, 12, 4))]).notes)
    assert "k: l0 1 (silhouette)" in text
    assert "One cluster has no silhouette" in text
    assert not any(words in text for words in ("nan", "continuum", "largest number"))


def test_networks_without_a_layer_graph_are_said_to_be_taken_as_chains() -> None:
    views = [network(i, condition=c) for i, c in enumerate("ab")]
    told = "Of 1 of 2 networks no layer graph is known: they are taken as a plain chain"
    for name in ("signs", "distances", "clusters"):
        assert not any("chain" in note for note in compute(name, views).notes), name
        assert any(told in note for note in compute(name, [replace(views[0], graph=None), views[1]]).notes), name


def test_clusters_of_what_cannot_be_clustered() -> None:
    with pytest.raises(TombolaError, match="nothing to cluster"):
        compute("clusters", [network(0, density=0.0)])
    with pytest.raises(TombolaError, match="scope = 'apar'"):
        compute("clusters", [network(0)], scope="apar")
    with pytest.raises(TombolaError, match="variables: 'signs'"):
        compute("clusters", [network(0)], variables=("signs",))


def test_contributions_from_networks_to_figures(digits: Dataset) -> None:
    views = [network(i) for i in range(3)]
    result, drawn = run("contributions", views, digits, images=60, k=2)
    assert drawn == {"pair_grids", "score_grid", "carried", "agreement"}
    assert {"words", "clusters", "summary", "agreement", "correlations", "units"} <= set(result.tables)
    assert "classes" not in result.tables
    text = " ".join(result.notes)
    assert "3 networks (initial weights), 60 images of the test part, hidden units of l0, l1; effective masks" in text
    for name in analyses["contributions"].options["methods"][0]:
        assert f"{name}: {methods[name].summary}" in text
    assert "little about others" in text


def test_contributions_of_signed_methods_have_no_shares(digits: Dataset) -> None:
    result, drawn = run(
        "contributions", [network(0)], digits, images=100, methods=("ablation-loss",), clustering="none", classes=True
    )
    assert drawn == set()
    assert "words" not in result.tables
    assert set(result.tables["classes"].true_class) == set(range(10))


def test_contributions_of_a_network_that_says_nothing(digits: Dataset) -> None:
    """Without weights nothing contributes, and nothing can be clustered; both are said, neither breaks."""
    result, _ = run("contributions", [network(0, density=0.0)], digits, images=20)
    assert (result.tables["units"].score == 0).all()
    assert any(note.startswith("No clusters: no layer has 10 living hidden units") for note in result.notes)


def test_contributions_need_images() -> None:
    with pytest.raises(TombolaError, match="need images"):
        compute("contributions", [network(0)])


def test_overlap_from_networks_to_figures() -> None:
    levels = list(enumerate((1.0, 0.6, 0.3)))
    views = [replace(network(i, d), level=level, label=f"r/{i}/{level}") for i in range(2) for level, d in levels]
    result, drawn = run("overlap", views)
    assert drawn == {"overlap", "signs", "survival"}
    assert set(result.tables) == {"glance", "summary", "pairs", "survival"}
    assert set(result.tables["pairs"].relation) == {"same network, other level", "other network"}
    text = " ".join(result.notes)
    assert "6 networks, 15 pairs" in text
    assert "not how much" in text


def test_overlap_of_one_level_has_no_survival_and_empty_masks_no_signs() -> None:
    assert run("overlap", [network(0), network(1)])[1] == {"overlap", "signs"}
    assert run("overlap", [network(0, density=0.0), network(1, density=0.0)])[1] == {"overlap"}


def test_overlap_of_many_layers_can_be_read() -> None:
    """Twelve layers have twelve colours, names that do not run into each other, and a figure that fits a page."""
    levels = list(enumerate((1.0, 0.5)))
    views = [
        replace(network(i, d, sizes=(6,) * 13), level=level, label=f"r/{i}/{level}")
        for i in range(2)
        for level, d in levels
    ]
    result = compute("overlap", views)
    living = analyses["overlap"].figures["survival"](result)
    assert living is not None
    lines = {line.get_label(): line.get_color() for line in living.axes[0].get_lines()}
    assert len({lines[f"l{number}"] for number in range(12)}) == 12
    signs = analyses["overlap"].figures["signs"](result)
    assert signs is not None
    assert signs.get_figwidth() < 15
    wide = replace(result, tables={name: _renamed(table) for name, table in result.tables.items()})
    slanted = analyses["overlap"].figures["signs"](wide)
    assert slanted is not None
    assert slanted.axes[0].get_xticklabels()[0].get_rotation() == 50


def _renamed(table: pd.DataFrame) -> pd.DataFrame:
    if "layer" not in table:
        return table
    return table.assign(layer=table.layer.where(table.layer == "all", "blocks.3.shortcut." + table.layer))


def test_matrices_are_symmetric_and_labels_short() -> None:
    table = pd.DataFrame({"network_a": ["r/0", "r/0", "r/1"], "network_b": ["r/1", "r/2", "r/2"], "x": [0.1, 0.2, 0.3]})
    values = square(table, "x", ["r/0", "r/1", "r/2"])
    assert np.array_equal(values, values.T, equal_nan=True)
    assert (values[0, 1], values[1, 2]) == (0.1, 0.3)
    assert bare(["r/0", "r/1"]) == ["0", "1"]
    assert bare(["r/0", "s/1"]) == ["r/0", "s/1"]
    assert bare(["one", "two"]) == ["one", "two"]


def test_a_curve_through_points_on_a_line_is_the_line() -> None:
    pytest.importorskip("statsmodels", reason="statsmodels is not installed (extra 'analysis')")
    x = np.linspace(0, 1, 50)
    curve = lowess(x, 2 * x + 1)
    assert curve is not None
    assert curve[:, 1] == pytest.approx(2 * curve[:, 0] + 1, abs=1e-6)
    assert lowess(np.ones(50), x) is None
    assert lowess(x[:3], x[:3]) is None


def test_degenerate_panels() -> None:
    axes = Figure().subplots(1, 4)
    density_contours(axes[0], np.array([1.0, 1.0]), np.array([2.0, 2.0]))
    density_contours(axes[1], np.linspace(0, 1, 20), np.linspace(0, 1, 20))
    assert not axes[0].collections
    assert not axes[1].collections
    score_density(axes[2], np.array([0.0, 0.0, 1.0]))
    assert "fewer than three" in axes[2].texts[0].get_text()
    score_density(axes[3], np.array([0.2, 0.3, 0.5]))
    assert axes[3].get_xscale() == "linear"
