"""Every registered method, and the published formula against automatic differentiation image by image."""

import importlib.util
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tombola.analysis.contributions import Images, Scene, methods
from tombola.analysis.contributions.integrated import signed_shares
from tombola.analysis.contributions.methods import Question
from tombola.analysis.contributions.relevance import epsilon_rule, relevances
from tombola.analysis.contributions.replay import GraphReplay
from tombola.analysis.material import NetworkView
from tombola.errors import TombolaError
from tombola.networks import capture, layer_graph, prunable_layers
from tombola.pruning import Mask

NEEDS = {"deeplift": "captum"}
DOUBLE = torch.float64
Case = tuple[NetworkView, tuple[int, ...]]


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)


def images(shape: tuple[int, ...], count: int = 40, chunk: int = 40, classes: int = 3) -> Images:
    batch, labels = random(count, *shape, seed=5), torch.arange(count) % classes
    return Images(tuple(zip(batch.split(chunk), labels.split(chunk), strict=True)), classes)


def of_module(module: nn.Module, shape: tuple[int, ...], density: float = 0.7, seed: int = 1) -> NetworkView:
    """A view of a module, randomly pruned, in double precision."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator)
    layers = prunable_layers(module)
    mask = Mask({layer.name: torch.rand(layer.shape, generator=generator) < density for layer in layers})
    mask.apply_(module)
    state = capture(module)
    return NetworkView(
        "n", "c", layers, mask, lambda: state, graph=layer_graph(module, shape), build=lambda: deepcopy(module).eval()
    )


def mlp(activation: type[nn.Module] = nn.ReLU) -> nn.Module:
    parts = (nn.Flatten(), nn.Linear(9, 7), activation(), nn.Linear(7, 6), activation(), nn.Linear(6, 3))
    return nn.Sequential(*parts)


def convolutional() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 5, 3, stride=2, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(20, 3),
    )  # fmt: skip


VIEWS = {"mlp": (mlp, (1, 3, 3)), "conv": (convolutional, (1, 8, 8))}


@pytest.fixture(params=VIEWS)
def case(request: pytest.FixtureRequest) -> Case:
    make, shape = VIEWS[request.param]
    return of_module(make(), shape), shape


def needs(name: str) -> None:
    if name in NEEDS and importlib.util.find_spec(NEEDS[name]) is None:
        pytest.skip(f"{name} needs {NEEDS[name]} (extra 'explain')")


@pytest.mark.parametrize("name", list(methods))
class TestEveryMethod:
    """Conformance of whatever is registered."""

    def test_scores_every_unit_of_every_hidden_layer(self, name: str, case: Case) -> None:
        needs(name)
        view, shape = case
        sums = Scene(view, images(shape)).sums([name])
        assert {layer: found.shape for (_, layer), found in sums.items()} == {
            layer.name: (2, 3, layer.shape[0]) for layer in view.layers[:-1]
        }
        assert all(np.isfinite(found).all() for found in sums.values())
        assert any(found.any() for found in sums.values())
        if not methods[name].signed:
            assert all((found >= 0).all() for found in sums.values())

    def test_does_not_depend_on_the_size_of_batches(self, name: str, case: Case) -> None:
        needs(name)
        view, shape = case
        whole, parts = (Scene(view, images(shape, chunk=chunk)).sums([name]) for chunk in (40, 7))
        for key, found in whole.items():
            assert found == pytest.approx(parts[key], rel=1e-9, abs=1e-12)

    def test_is_the_same_twice(self, name: str, case: Case) -> None:
        needs(name)
        view, shape = case
        one, two = (Scene(view, images(shape)).sums([name]) for _ in range(2))
        assert all((one[key] == two[key]).all() for key in one)

    def test_hooks_and_graph_agree_and_hooks_are_removed(self, name: str, case: Case) -> None:
        needs(name)
        view, shape = case
        built: list[nn.Module] = []

        def build() -> nn.Module:
            assert view.build is not None
            built.append(view.build())
            return built[-1]

        watched = replace(view, build=build)
        graph, hooks = (Scene(watched, images(shape), hooks=hooks).sums([name]) for hooks in (False, True))
        for key, found in graph.items():
            assert found == pytest.approx(hooks[key], rel=1e-9, abs=1e-12)
        assert built
        parts = [part for module in built for part in module.modules()]
        assert not any(part._forward_hooks or part._forward_pre_hooks for part in parts)
        bare = replace(view, graph=None)  # the readers come from the order of layers then
        for key, found in Scene(bare, images(shape)).sums([name]).items():
            assert found == pytest.approx(graph[key], rel=1e-9, abs=1e-12)

    def test_a_unit_without_outgoing_weights_contributes_nothing(self, name: str, case: Case) -> None:
        needs(name)
        view, shape = case
        keep = {layer: view.mask[layer] for layer in view.mask}
        second = view.layers[1]
        keep[second.name][:, 2] = False
        mask, state = Mask(keep), {key: value.clone() for key, value in view.state.items()}
        mask.apply_(state)
        mute = replace(view, mask=mask, read=lambda: state)
        assert (Scene(mute, images(shape)).sums([name])[name, view.layers[0].name][..., 2] == 0).all()

    def test_permuted_units_have_permuted_scores(self, name: str) -> None:
        needs(name)
        view = of_module(mlp(), (1, 3, 3))
        order = torch.tensor([3, 1, 0, 5, 6, 2, 4])
        first, second = (layer.name for layer in view.layers[:2])
        turns = {first: (0,), first.replace("weight", "bias"): (0,), second: (1,)}
        state = {
            key: value.index_select(*turns[key], order) if key in turns else value for key, value in view.state.items()
        }
        mask = Mask(
            {
                key: view.mask[key].index_select(*turns[key], order) if key in turns else view.mask[key]
                for key in view.mask
            }
        )
        turned = replace(view, mask=mask, read=lambda: state)
        one, two = (Scene(v, images((1, 3, 3))).sums([name])[name, first] for v in (view, turned))
        assert two == pytest.approx(one[..., order], rel=1e-9, abs=1e-12)


def by_autodiff(view: NetworkView, given: Images, layer: str, behind: str) -> np.ndarray:
    """Σ over images and kept weights of |a · ∂loss/∂w|, one image at a time, as published."""
    assert view.build is not None
    module = view.build().double()
    module.load_state_dict(view.state)
    module.double()
    weight, keep = module.get_parameter(behind), view.mask[behind]
    total = torch.zeros(weight.shape[1], dtype=DOUBLE)
    seen: list[torch.Tensor] = []
    handle = module.get_submodule(behind.removesuffix(".weight")).register_forward_pre_hook(
        lambda _, taken: seen.append(taken[0].detach())
    )
    for batch, labels in given.batches:
        for image, label in zip(batch, labels, strict=True):
            loss = F.cross_entropy(module(image[None]), label[None])
            (gradient,) = torch.autograd.grad(loss, weight)
            total += (torch.where(keep, gradient, 0.0) * seen.pop()[0]).abs().sum(0)
    handle.remove()
    return total.numpy()


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh])
def test_closed_form_is_per_image_autodiff(activation: type[nn.Module]) -> None:
    """signs 7: must match to 1e-6."""
    view, given = of_module(mlp(activation), (1, 3, 3)), images((1, 3, 3))
    sums = Scene(view, given).sums(["outgoing-gradient"])
    for layer, behind in zip(view.layers, view.layers[1:], strict=False):
        found = sums["outgoing-gradient", layer.name].sum((0, 1))
        assert found == pytest.approx(by_autodiff(view, given, layer.name, behind.name), rel=1e-6)


def test_flattened_channels_count_each_place() -> None:
    view, given = of_module(convolutional(), (1, 8, 8)), images((1, 8, 8))
    last, behind = view.layers[1].name, view.layers[2].name
    found = Scene(view, given).sums(["outgoing-gradient"])["outgoing-gradient", last].sum((0, 1))
    places = by_autodiff(view, given, last, behind)
    assert found == pytest.approx(places.reshape(5, 4).sum(1), rel=1e-6)


def test_a_convolution_counts_as_the_linear_layer_that_does_the_same() -> None:
    view, given = of_module(convolutional(), (1, 8, 8)), images((1, 8, 8))
    assert view.build is not None
    first, conv = view.layers[0].name, view.layers[1].name
    found = Scene(view, given).sums(["outgoing-gradient"])["outgoing-gradient", first].sum((0, 1))
    module = view.build().double()
    unrolled = torch.func.jacrev(lambda x: F.conv2d(x[None], module[2].weight, None, 2, 1)[0].flatten())(
        torch.zeros(4, 8, 8, dtype=DOUBLE)
    ).reshape(80, 256)
    kept = torch.func.jacrev(lambda x: F.conv2d(x[None], view.mask[conv].double(), None, 2, 1)[0].flatten())(
        torch.zeros(4, 8, 8, dtype=DOUBLE)
    ).reshape(80, 256)
    linear = nn.Linear(256, 80).double()
    linear.weight.data, linear.bias.data = unrolled.detach(), module[2].bias.detach().repeat_interleave(16)
    total = torch.zeros(256, dtype=DOUBLE)
    for batch, labels in given.batches:
        for image, label in zip(batch, labels, strict=True):
            hidden = module[1](module[0](image[None])).flatten(1)
            loss = F.cross_entropy(module[3:](linear(hidden).reshape(1, 5, 4, 4)), label[None])
            (gradient,) = torch.autograd.grad(loss, linear.weight)
            total += (gradient * (kept != 0) * hidden).abs().sum(0)
    assert found == pytest.approx(total.detach().numpy().reshape(4, 64).sum(1), rel=1e-6)


def test_the_toy_of_the_reference() -> None:
    """signs 7: a = (2, 1), W_out = [[1, -1], [0, 2]], true class index 1: 7.046377 and .880797."""
    view = NetworkView.of_arrays("toy", {"hidden": np.eye(2), "output": np.array([[1.0, 0.0], [-1.0, 2.0]])}, mask=None)
    given = Images(((torch.tensor([[[[2.0, 1.0]]]]), torch.tensor([1])),), 2)
    raw = Scene(view, given).sums(["outgoing-gradient"])["outgoing-gradient", "hidden.weight"].sum((0, 1))
    assert raw == pytest.approx([7.046377, 0.880797], abs=1e-6)
    assert raw / raw.sum() == pytest.approx([8 / 9, 1 / 9])


def test_ablation_is_what_a_network_without_the_unit_does() -> None:
    view, given = of_module(mlp(), (1, 3, 3)), images((1, 3, 3))
    assert view.build is not None
    module, layer = view.build().double(), view.layers[1].name
    sums = Scene(view, given).sums(["ablation-loss", "ablation-accuracy"])
    batch, labels = given.batches[0]
    whole = module(batch)
    for unit in range(6):
        weight = module[5].weight.data.clone()
        module[5].weight.data[:, unit] = 0
        without = module(batch)
        module[5].weight.data = weight
        rise = F.cross_entropy(without, labels, reduction="sum") - F.cross_entropy(whole, labels, reduction="sum")
        assert sums["ablation-loss", layer][..., unit].sum() == pytest.approx(rise.item())
        fall = (whole.argmax(1) == labels).sum() - (without.argmax(1) == labels).sum()
        assert sums["ablation-accuracy", layer][..., unit].sum() == fall.item()


def question(view: NetworkView, given: Images, layer: str) -> Question:
    scene = Scene(view, given)
    replay, batch, labels = next(scene._passes())
    return Question(replay, labels, layer, scene.layers[layer], scene._readings[layer], batch)


def test_integrated_gradients_are_complete() -> None:
    view, given = of_module(mlp(nn.Tanh), (1, 3, 3)), images((1, 3, 3))
    for layer in view.layers[:-1]:
        asked = question(view, given, layer.name)
        shares = signed_shares(asked, steps=64)
        value = asked.replay.units(layer.name)
        ends = [asked.losses(asked.replay.from_units(layer.name, x)) for x in (value, torch.zeros_like(value))]
        assert shares.sum(1).numpy() == pytest.approx((ends[0] - ends[1]).numpy(), rel=1e-6, abs=1e-8)


def test_integrated_gradients_are_captums() -> None:
    captum = pytest.importorskip("captum.attr", reason="Captum is not installed (extra 'explain')")
    view, given = of_module(mlp(nn.Tanh), (1, 3, 3)), images((1, 3, 3))
    layer = view.layers[0].name
    asked = question(view, given, layer)
    theirs = captum.IntegratedGradients(
        lambda value: (
            -F.cross_entropy(
                asked.replay.from_units(layer, value), asked.labels.repeat(len(value) // 40), reduction="none"
            )
        )
    )
    value = asked.replay.units(layer)
    found = theirs.attribute(value, n_steps=16, internal_batch_size=40)
    assert signed_shares(asked, 16).numpy() == pytest.approx(-found.detach().numpy(), rel=1e-6, abs=1e-9)


class Residual(nn.Module):
    """A stream of four channels that a branch is added to."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.branch, self.last = (
            nn.Conv2d(1, 4, 3, padding=1),
            nn.Conv2d(4, 4, 3, padding=1),
            nn.Linear(4, 3),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.stem(x))
        x = torch.relu(self.branch(x) + x)
        return self.last(x.mean((2, 3)))


def test_a_branch_is_silenced_before_it_joins_the_stream() -> None:
    view, given = of_module(Residual(), (1, 4, 4), density=1.0), images((1, 4, 4))
    assert view.build is not None
    found = Scene(view, given).sums(["ablation-loss"])["ablation-loss", "branch.weight"].sum((0, 1))
    module = view.build().double()
    batch, labels = given.batches[0]
    whole = F.cross_entropy(module(batch), labels, reduction="sum")
    for unit in range(4):
        state = {key: value.clone() for key, value in module.state_dict().items()}
        module.branch.weight.data[unit], module.branch.bias.data[unit] = 0, 0
        without = F.cross_entropy(module(batch), labels, reduction="sum")
        module.load_state_dict(state)
        assert found[unit] == pytest.approx((without - whole).item())


def test_a_layer_called_twice_is_refused_by_hooks() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(4, 4), nn.Linear(4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = x.flatten(1)
            return self.last(torch.relu(self.first(torch.relu(self.first(x)))))

    module = Twice()
    layers, state = prunable_layers(module), capture(module)
    view = NetworkView("t", "c", layers, Mask.dense(layers), lambda: state, build=lambda: module)
    with pytest.raises(TombolaError, match=r"'first\.weight' is called twice"):
        Scene(view, images((1, 2, 2))).sums(["gradient-activation"])
    assert not any(part._forward_hooks for part in module.modules())


def test_functional_activations_are_seen_by_the_graph() -> None:
    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(4, 5), nn.Linear(5, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(torch.tanh(self.first(x.flatten(1))))

    view = of_module(Plain(), (1, 2, 2), density=1.0)
    scene = Scene(view, images((1, 2, 2)))
    replay = next(scene._passes())[0]
    assert float(replay.units("first.weight").abs().max()) <= 1
    assert replay.units("first.weight").numpy() == pytest.approx(torch.tanh(replay.returned("first.weight")).numpy())


def test_relevance_by_hand_and_by_captum() -> None:
    """Epsilon rule: a unit's relevance is activation times weight, of what the score is made of."""
    view, given = of_module(mlp(), (1, 3, 3)), images((1, 3, 3))
    last, behind = view.layers[1].name, view.layers[2].name
    assert view.build is not None
    module = view.build().double()
    module.load_state_dict(view.state)
    module.double()
    batch, labels = given.batches[0]
    hidden = module[:5](batch).detach()
    by_hand = (hidden * view.state[behind].double()[labels]).abs().sum(0)
    found = Scene(view, given).sums(["lrp-epsilon"])["lrp-epsilon", last].sum((0, 1))
    assert found == pytest.approx(by_hand.numpy(), rel=1e-4)
    if importlib.util.find_spec("captum") is None:
        return
    captum = importlib.import_module("captum.attr")
    rules = importlib.import_module("captum.attr._utils.lrp_rules")
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Flatten):
            part.rule = rules.EpsilonRule(epsilon=1e-9)  # type: ignore[assignment]
    module.requires_grad_()
    theirs = captum.LRP(module).attribute(batch.clone(), target=labels).detach()
    assert view.graph is not None
    state = {key: value.double() for key, value in view.state.items()}
    replay = GraphReplay(view.graph, state, batch)
    scores = replay.values[view.graph.output]
    start = torch.zeros_like(scores).scatter_(1, labels[:, None], scores.gather(1, labels[:, None]))
    mine = relevances(view.graph, state, replay.values, start, epsilon_rule)[0]
    assert mine is not None
    torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-3 * float(theirs.abs().max()))


def test_z_plus_keeps_relevance_where_biases_do_not_take_it() -> None:
    """What arrives at a layer's units adds up to what left the layer behind, over images and units."""
    view = of_module(mlp(), (1, 3, 3), density=1.0)
    state = {key: torch.zeros_like(v) if key.endswith("bias") else v.abs() for key, v in view.state.items()}
    positive = replace(view, read=lambda: state)
    given = Images(tuple((batch.abs(), labels) for batch, labels in images((1, 3, 3)).batches), 3)
    sums = Scene(positive, given).sums(["lrp-z-plus", "lrp-epsilon"])
    totals = [found.sum() for found in sums.values()]
    assert totals == pytest.approx([totals[0]] * len(totals), rel=1e-4)


def test_relevance_passes_sums_of_branches() -> None:
    class Branches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.begin, self.one = nn.Conv2d(1, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
            self.norm, self.head = nn.BatchNorm2d(3), nn.Linear(3, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.begin(x).relu()
            x = (x + self.norm(self.one(x))).relu()
            return self.head(F.adaptive_avg_pool2d(x, 1).flatten(1))  # type: ignore[no-any-return]

    view = of_module(Branches().eval(), (1, 6, 6))
    sums = Scene(view, images((1, 6, 6), classes=2)).sums(["lrp-epsilon", "lrp-z-plus"])
    assert all(np.isfinite(found).all() and found.any() for found in sums.values())
