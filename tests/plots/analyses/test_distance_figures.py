"""The analyses of distances and kernel patterns, from networks to figures, on ordinary and on degenerate networks."""

from collections.abc import Mapping

import numpy as np
import pytest
from matplotlib.figure import Figure

from tombola.analysis.material import NetworkView
from tombola.errors import TombolaError
from tombola.plots.analyses import Material, Result, analyses
from tombola.plots.saving import encode_figure

SHAPES = {"conv": (6, 2, 3, 3), "dense": (8, 6 * 4), "out": (3, 8)}
QUICK = {"draws": 2, "nulls": ("layer-density", "signs"), "ties": 1}


def views(conditions: str, density: float = 0.4, shapes: Mapping[str, tuple[int, ...]] = SHAPES) -> list[NetworkView]:
    made = []
    for number, condition in enumerate(conditions):
        random = np.random.default_rng(number)
        weights = {
            name: np.where(random.random(shape) < density, random.standard_normal(shape), 0).astype(np.float32)
            for name, shape in shapes.items()
        }
        made.append(NetworkView.of_arrays(f"{condition}{number}", weights, condition=condition))
    return made


def run(name: str, networks: list[NetworkView], **options: object) -> tuple[Result, dict[str, Figure | None]]:
    analysis = analyses[name]
    chosen = {option: default for option, (default, _) in analysis.options.items()} | options
    result = analysis.compute(Material(networks, options=chosen))
    return result, {figure: draw(result) for figure, draw in analysis.figures.items()}


@pytest.mark.parametrize("conditions", ["aabb", "aa"])
def test_distances_from_networks_to_figures(conditions: str) -> None:
    result, figures = run("distances", views(conditions), **QUICK)
    assert {"groups", "pairs", "groups_by_layer", "matrix_nnstd", "matrix_sasd", "ties"} <= {*result.tables}
    assert all(encode_figure(figure, "png", dpi=40) for figure in figures.values() if figure is not None)
    assert "z_scores" in figures
    assert ("comparisons" in result.tables) == (conditions == "aabb")
    text = " ".join(result.notes)
    assert "effective masks" in text
    assert f"{len(conditions)} networks" in text
    assert ("p cannot fall below" in text) == (conditions == "aabb")


def test_without_null_models_there_are_no_z_scores_and_a_note_says_so() -> None:
    result, figures = run("distances", views("ab"), nulls=("none",), entries=("maed",))
    assert figures["z_scores"] is None
    assert figures["z_matrices"] is None
    assert any("No null model" in note for note in result.notes)


def test_networks_without_any_survivor_can_be_drawn() -> None:
    result, figures = run("distances", views("ab", 0.0), **QUICK, entries=("sasd",))
    assert np.isnan(result.tables["pairs"].value).all()
    assert all(encode_figure(figure, "png", dpi=40) for figure in figures.values() if figure is not None)


def test_boxes_of_deep_networks_show_layers_of_all_depths_and_say_so() -> None:
    deep = {f"layer{number}": (4, 4) for number in range(30)}
    _, figures = run("distances", views("aabb", shapes=deep), **QUICK, entries=("sasd", "maed"))
    figure = figures["boxes"]
    assert figure is not None
    titles = [axes.get_title("left") or axes.get_title() for axes in figure.axes[::2]]
    assert len(titles) == 1 + 11
    assert "layer0" in titles[1]
    assert "layer29" in titles[-1]
    assert figure.get_suptitle() == "11 of 30 layers; the table of pairs has all"
    assert figure.get_size_inches()[1] < 30


def test_layers_can_be_chosen_by_short_name_and_wrong_ones_are_refused() -> None:
    result, _ = run("distances", views("ab"), **{**QUICK, "layers": ("dense",)})
    assert {*result.tables["pairs"].layer} == {"dense.weight", "all"}
    with pytest.raises(TombolaError, match="no prunable layer 'dens'"):
        run("distances", views("ab"), layers=("dens",))


def test_kernel_patterns_from_networks_to_figures() -> None:
    result, figures = run("kernel-patterns", views("aabb"), draws=9)
    assert figures["explained"] is None
    assert all(encode_figure(figure, "png", dpi=40) for figure in figures.values() if figure is not None)
    assert {*result.tables["adjacency"].condition} == {"a", "b"}
    with pytest.raises(TombolaError, match="explain = 'c' is no condition"):
        run("kernel-patterns", views("aabb"), draws=9, explain="c")


def test_kernels_without_survivors_can_be_drawn() -> None:
    _, figures = run("kernel-patterns", views("ab", 0.0), draws=3)
    assert all(encode_figure(figure, "png", dpi=40) for figure in figures.values() if figure is not None)
