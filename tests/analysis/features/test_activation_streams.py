"""Where activations are taken, by graph and by hooks, and what is added up of them."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tombola.analysis.features import (
    Activations,
    GraphTap,
    HookTap,
    evaluation_images,
    observe,
)
from tombola.analysis.material import NetworkView
from tombola.data import load
from tombola.errors import TombolaError
from tombola.networks import build, layer_graph
from tombola.specs import DataSpec, NetworkSpec


def chain(seed: int, label: str, density: float = 0.5) -> NetworkView:
    random = np.random.default_rng(seed)
    shapes = {"a": (5, 2, 3, 3), "b": (4, 5, 3, 3), "c": (6, 4 * 36), "d": (3, 6)}
    weights = {
        name: (random.standard_normal(shape) * (random.random(shape) < density)).astype(np.float32)
        for name, shape in shapes.items()
    }
    weights["c"][1] = 0  # an empty unit
    return NetworkView.of_arrays(label, weights, condition="chains", biases={"d": np.ones(3, np.float32)})


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.randn(23, 2, 6, 6, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def views() -> list[NetworkView]:
    return [chain(0, "one"), chain(1, "two")]


def straight(view: NetworkView, images: Tensor) -> Iterator[tuple[str, np.ndarray]]:
    x = images
    for part in view.module().children():
        x = part(x)
        if isinstance(part, nn.Conv2d | nn.Linear | nn.ReLU):
            yield type(part).__name__, x.detach().numpy()


def test_activations_are_those_after_relu_at_all_places(views: list[NetworkView], images: Tensor) -> None:
    found = {name: [] for name in ("a", "b", "c", "d")}
    for batch in Activations(views, images, batch=10):
        for name, values in batch.layers.items():
            found[name.removesuffix(".weight")].append(values[1].numpy())
    seen = [values for kind, values in straight(views[1], images) if kind == "ReLU"]
    seen.append([values for kind, values in straight(views[1], images)][-1])  # the output has no ReLU
    for name, expected in zip(found, seen, strict=True):
        values = np.concatenate(found[name])
        if expected.ndim == 4:
            expected = np.moveaxis(expected, 1, -1).reshape(len(expected), -1, expected.shape[1])
        assert np.allclose(values.squeeze(), expected, atol=1e-5), name
    assert Activations(views, images).points() == {
        "a.weight": "after relu", "b.weight": "after relu", "c.weight": "after relu", "d.weight": "as computed",
    }  # fmt: skip


def test_before_the_activation_where_asked(views: list[NetworkView], images: Tensor) -> None:
    (batch,) = Activations(views, images, ("c",), "layer", batch=50)
    linear = [values for kind, values in straight(views[0], images) if kind == "Linear"]
    assert [*batch.layers] == ["c.weight"]
    assert np.allclose(batch.layers["c.weight"][0].squeeze(1).numpy(), linear[0], atol=1e-5)
    assert (batch.layers["c.weight"][0] < 0).any()


def moments(views: list[NetworkView], images: Tensor, layer: str = "b.weight", batch: int = 32):  # type: ignore[no-untyped-def]
    return observe(Activations(views, images, batch=batch)).moments(layer)


def test_moments_are_those_of_all_activations(views: list[NetworkView], images: Tensor) -> None:
    found = moments(views, images)
    seen = []
    for view in views:
        maps = [values for kind, values in straight(view, images) if kind == "ReLU"][1]
        seen.append(np.moveaxis(maps, 1, -1).reshape(-1, maps.shape[1]).astype(np.float64))
    assert found.count == 23 * 36
    together = np.corrcoef(np.concatenate(seen, 1).T)
    assert np.allclose(found.correlation(0, 1), together[:4, 4:], atol=1e-6)
    assert np.allclose(found.correlation(1, 1), together[4:, 4:], atol=1e-6)
    assert np.allclose(found.means(0), seen[0].mean(0), atol=1e-6)


@pytest.mark.parametrize("size", [1, 5, 23])
def test_results_do_not_depend_on_the_batch(views: list[NetworkView], images: Tensor, size: int) -> None:
    for layer in ("a.weight", "c.weight", "d.weight"):
        one, two = moments(views, images, layer), moments(views, images, layer, batch=size)
        assert one.count == two.count
        np.testing.assert_allclose(one.correlation(0, 1), two.correlation(0, 1), atol=1e-5)
        np.testing.assert_array_equal(one.alive(0), two.alive(0))
    classes = [observe(Activations(views, images, batch=batch)).classes for batch in (32, size)]
    assert np.array_equal(*classes)
    assert classes[0].shape == (2, 23)


def test_dead_units_have_no_correlation_and_are_known(views: list[NetworkView], images: Tensor) -> None:
    found = moments(views, images, "c.weight")
    assert not found.alive(0)[1]
    assert found.alive(0).sum() >= 3
    correlation = found.correlation(0, 1)
    assert np.isnan(correlation[1]).all()
    assert np.isnan(correlation[:, 1]).all()
    assert np.isnan(found.correlation(0, 0)[1, 1])
    assert found.correlation(0, 0)[0, 0] == 1


def test_a_large_mean_does_not_hide_a_small_variance() -> None:
    random = np.random.default_rng(0)
    weight = random.standard_normal((3, 4)).astype(np.float32)
    plain = NetworkView.of_arrays("plain", {"a": weight})
    far = NetworkView.of_arrays("far", {"a": weight}, biases={"a": np.full(3, 3e3, np.float32)})
    inputs = torch.randn(200, 1, 1, 4, generator=torch.Generator().manual_seed(3), dtype=torch.float32)
    found = observe(Activations([plain, far], inputs)).moments("a.weight")
    assert np.allclose(np.diagonal(found.correlation(0, 1)), 1, atol=1e-6)


def test_graph_and_hooks_see_the_same() -> None:
    module = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(48, 5), nn.Tanh(),
        nn.Dropout(), nn.Linear(5, 2),
    ).eval()  # fmt: skip
    module[1].running_mean.fill_(0.3)
    names = ["0.weight", "4.weight", "7.weight"]
    images = torch.randn(4, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    for point in ("activation", "layer"):
        graph = GraphTap(layer_graph(module, (1, 6, 6)), module.state_dict(), names, point)  # type: ignore[arg-type]
        hooks = HookTap(module, names, point)  # type: ignore[arg-type]
        with torch.no_grad():
            one, two = graph(images), hooks(images)
        assert graph.points == hooks.points
        assert torch.equal(one.outputs, two.outputs)
        for name in names:
            assert torch.equal(one.layers[name], two.layers[name]), (point, name)
    assert (one.layers["0.weight"] < 0).any()
    assert not any(part._forward_hooks for part in module.modules())


def test_hooks_are_removed_whatever_happens() -> None:
    class Broken(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.a(self.a(x))  # type: ignore[no-any-return]

    module = Broken()
    with pytest.raises(TombolaError, match="called twice"):
        HookTap(module, ["a.weight"])(torch.ones(1, 3))
    with pytest.raises(TombolaError, match="not called"):
        HookTap(module, ["b.weight"])(torch.ones(1, 3))
    assert not any(part._forward_hooks for part in module.modules())


def test_residual_branches_are_taken_before_their_sum() -> None:
    module = build(NetworkSpec(architecture="resnet20"), (3, 8, 8), 10).eval()
    layers = [name for name in module.state_dict() if name.endswith("conv2.weight") or name == "conv.weight"]
    graph = layer_graph(module, (3, 8, 8))
    points = GraphTap(graph, module.state_dict(), layers).points
    assert points[layers[0]] == "after relu"
    assert {points[name] for name in layers[1:]} == {"after batch norm"}
    with torch.no_grad():
        seen = GraphTap(graph, module.state_dict(), layers)(torch.randn(2, 3, 8, 8))
    assert (seen.layers[layers[1]] < 0).any()
    assert not (seen.layers[layers[0]] < 0).any()


def test_layers_and_parts_that_do_not_exist_are_named(views: list[NetworkView], images: Tensor) -> None:
    with pytest.raises(TombolaError, match=r"layers = 'e'.*no such layer"):
        observe(Activations(views, images, ("e",)))
    with pytest.raises(TombolaError, match="no images"):
        observe(Activations(views, images[:0]))
    data = load(DataSpec(name="digits"), 1)
    found, labels = evaluation_images(data, "test", 5)
    assert found.shape == (5, *data.input_shape)
    assert torch.equal(labels, data.test.labels[:5])
    scaled = data.test.images[:5].float() / 255
    assert torch.allclose(found, (scaled - data.normalisation.mean[0]) / data.normalisation.std[0], atol=1e-5)
    with pytest.raises(TombolaError, match="did you mean 'validation'"):
        evaluation_images(data, "validaton")
    with pytest.raises(TombolaError, match="images = 1"):
        evaluation_images(data, "test", 1)
