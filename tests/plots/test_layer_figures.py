import io

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from tombola.errors import TombolaError
from tombola.plots import Weights, draw_kernels, draw_matrices
from tombola.plots.matrices import block_means
from tombola.plots.weight_colours import WEIGHT_MAP, weight_colours, weight_norm


def weights(*shape: int, kind: str = "conv", keep: float = 0.6, seed: int = 0) -> Weights:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=shape)
    values[generator.random(shape) > keep] = np.nan
    return Weights("layer.weight", kind, values, int(np.isfinite(values).sum()))


def named(figure: Figure, label: str) -> Axes:
    (axes,) = [axes for axes in figure.axes if axes.get_label() == label]
    return axes


@pytest.mark.parametrize(
    ("shape", "columns", "size"),
    [((8, 4, 3, 3), 4, (5, 8)), ((8, 3, 3, 3), 8, (9, 3)), ((1, 2, 3, 3), 8, (3, 1)), ((2, 1, 5), 8, (3, 1))],
)
def test_kernel_figures(shape: tuple[int, ...], columns: int, size: tuple[int, int]) -> None:
    """reference/playground.md section 11.1: size, titles from K1.1, never more columns than images."""
    figure, layer = Figure(), weights(*shape)
    assert draw_kernels(figure, layer, columns=columns) == ""
    assert tuple(figure.get_size_inches()) == size
    axes = named(figure, "kernels")
    count = shape[0] * shape[1]
    assert len(axes.images) == count
    assert [text.get_text() for text in axes.texts] == [
        f"K{k + 1}.{c + 1}" for k in range(shape[0]) for c in range(shape[1])
    ]
    shown = np.ma.filled(axes.images[-1].get_array().astype(float), np.nan)  # type: ignore[union-attr]
    np.testing.assert_array_equal(shown.ravel(), layer.values[-1, -1].ravel())
    assert len({id(image.norm) for image in axes.images}) == 1, "one norm per layer"
    assert not axes.axison
    assert len(named(figure, "histogram").patches) == 30
    assert sum(patch.get_width() for patch in named(figure, "histogram").patches) == layer.remaining
    assert named(figure, "colour bar").yaxis.get_ticks_position() == "left"


def test_pictures_are_in_rows() -> None:
    figure = Figure()
    draw_kernels(figure, weights(3, 2, 3, 3), columns=4)
    places = {text.get_text(): text.get_position() for text in named(figure, "kernels").texts}
    assert places["K2.2"][0] > places["K2.1"][0] > places["K1.1"][0]
    assert places["K3.1"][1] > places["K2.2"][1] == places["K1.1"][1]


@pytest.mark.parametrize(
    ("shape", "images", "shown", "told"),
    [
        ((9, 60, 1, 1), 512, 480, "The first 8 of 9 kernels (480 pictures"),
        ((8, 64, 1, 1), 512, 512, ""),
        ((3, 4, 3, 3), 7, 4, "The first 1 of 3 kernels"),
        ((2, 600, 1, 1), 512, 0, "No kernel is shown: each has 600 channels"),
    ],
)
def test_whole_kernels_only_and_never_too_many(shape: tuple[int, ...], images: int, shown: int, told: str) -> None:
    """Section 11.2."""
    figure, layer = Figure(), weights(*shape)
    said = draw_kernels(figure, layer, images=images)
    assert len(named(figure, "kernels").images) == shown
    assert told in said
    assert bool(said) == bool(told)
    assert any(said in text.get_text() for text in figure.texts) == bool(said)
    assert sum(patch.get_width() for patch in named(figure, "histogram").patches) == layer.remaining


@pytest.mark.parametrize("count", [1, 2, 5])
def test_matrix_figures(count: int) -> None:
    """Section 11.3: one row per layer, any number of them (B6), each its own norm."""
    figure = Figure()
    layers = [weights(4 + i, 6, kind="linear", seed=i) for i in range(count)]
    assert draw_matrices(figure, layers) == []
    assert tuple(figure.get_size_inches()) == (12, 4 * count)
    pictures = figure.axes[::3][:count]
    for axes, layer in zip(pictures, layers, strict=True):
        (image,) = axes.images
        np.testing.assert_array_equal(np.ma.filled(image.get_array(), np.nan), layer.values)  # type: ignore[call-overload]
        assert image.get_interpolation() == "nearest"
        assert image.norm.vmin == np.nanmin(layer.values)


def test_no_linear_layer_is_said() -> None:
    figure = Figure()
    draw_matrices(figure, [])
    assert "no linear layer" in figure.axes[0].texts[0].get_text()


def test_pruned_black_zero_white() -> None:
    """Section 11.4."""
    values = np.array([[np.nan, 0.0, -1.0, 2.0]])
    colours = weight_colours(values, weight_norm(values))
    assert tuple(colours[0, 0]) == to_rgba("black")
    assert tuple(colours[0, 1]) == to_rgba("white")
    blue, red = colours[0, 2], colours[0, 3]
    assert blue[2] > blue[0]
    assert red[0] > red[2]
    assert (weight_colours(np.full((2, 2), np.nan), weight_norm(np.array([np.nan])))[..., :3] == 0).all()


def test_large_matrices_are_averaged_and_say_so() -> None:
    figure, layer = Figure(), weights(30, 70, kind="linear")
    (told,) = draw_matrices(figure, [layer], cells=(10, 35))
    assert "3 \N{MULTIPLICATION SIGN} 2 weights" in told
    assert told.split(": ")[1].rstrip(".") in figure.axes[0].get_title("left")
    shown = figure.axes[0].images[0].get_array()
    assert shown is not None
    assert shown.shape == (10, 35, 4)
    colours = weight_colours(layer.values, weight_norm(layer.values))
    shares = block_means(np.isfinite(layer.values)[..., None], (3, 2))
    gain = 1 / np.quantile(shares[shares > 0], 0.95)
    np.testing.assert_allclose(shown[0, 0, :3], np.minimum(colours[:3, :2, :3].mean((0, 1)) * gain, 1))
    assert (shown[..., :3][shares[..., 0] == 0] == 0).all(), "a block without survivors is black"


def test_sparse_large_matrices_stay_legible() -> None:
    """At a density of 2 % block means alone would be nearly black."""
    figure, layer = Figure(), weights(60, 400, kind="linear", keep=0.02)
    (told,) = draw_matrices(figure, [layer], cells=(30, 40))
    shown = figure.axes[0].images[0].get_array()
    assert shown is not None
    assert shown[..., :3].max() > 0.7
    assert "times as bright" in told


def test_block_means_keep_the_mean_of_an_even_split() -> None:
    values = np.random.default_rng(0).random((12, 20, 4))
    np.testing.assert_allclose(block_means(values, (3, 5)).mean((0, 1)), values.mean((0, 1)))
    assert block_means(values, (5, 7)).shape == (3, 3, 4)
    np.testing.assert_allclose(block_means(values, (5, 7))[2, 2], values[10:, 14:].mean((0, 1)))


def test_vector_files_of_large_layers_stay_light() -> None:
    figure = Figure(layout="constrained")
    draw_matrices(figure, [weights(256, 16384, kind="linear", keep=0.1)])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", dpi=100)
    assert buffer.tell() < 3_000_000


def test_all_pruned_layers_are_drawn_black() -> None:
    for shape in ((2, 2, 3, 3), (3, 4)):
        layer = Weights("layer.weight", "conv", np.full(shape, np.nan), 0)
        figure = Figure()
        draw_kernels(figure, layer) if len(shape) > 2 else draw_matrices(figure, [layer])
        figure.savefig(io.BytesIO())


def test_wrong_layers_are_refused() -> None:
    with pytest.raises(TombolaError, match="is no convolution"):
        draw_kernels(Figure(), weights(3, 4, kind="linear"))
    with pytest.raises(TombolaError, match="is a convolution"):
        draw_matrices(Figure(), [weights(2, 2, 3, 3)])
    with pytest.raises(TombolaError, match="columns = 0"):
        draw_kernels(Figure(), weights(2, 2, 3, 3), columns=0)


PROTAN = np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]])
DEUTAN = np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]])
"""Full protanopia and deuteranopia on linear RGB (Machado et al. 2009)."""


def seen(colours: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.clip(linear @ matrix.T, 0, 1))


@pytest.mark.parametrize("matrix", [np.eye(3), PROTAN, DEUTAN], ids=["all cones", "protan", "deutan"])
def test_signs_are_told_apart_by_colour_blind_readers(matrix: np.ndarray) -> None:
    colours = seen(WEIGHT_MAP(np.linspace(0, 1, 255))[:, :3], matrix)
    luminance = colours @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance[:128]) > 0).all()
    assert (np.diff(luminance[127:]) < 0).all()
    bluish = colours[:, 2] - colours[:, 0]
    assert (bluish[:100] > 0.05).all(), "negative weights stay bluish"
    assert (bluish[-100:] < -0.02).all(), "positive ones do not"
    assert luminance.min() > 0.05, "the darkest survivor is not black"
