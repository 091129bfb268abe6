"""Grad-CAM as explainability reference, section 5, has it, and what holds for every call of `attribute`."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.explain import attribute, normalise_maps
from tombola.explain.grad_cam import weighted_sum
from tombola.explain.scene import Scene


class Given(nn.Module):
    """A network whose maps and gradients are known: the images are the maps, the head weighs their means."""

    def __init__(self, weights: Tensor, cells: int) -> None:
        super().__init__()
        self.maps = nn.Conv2d(2, 2, 1, bias=False)
        self.head = nn.Linear(2, 1, bias=False)
        with torch.no_grad():
            self.maps.weight.copy_(torch.eye(2)[:, :, None, None])
            self.head.weight.copy_(weights * cells)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.maps(images).mean((2, 3)))


def test_grad_cam_anchor() -> None:
    """Section 5.5: A1, A2 and alpha = (.5, -.25) give [[0, .25], [1, 1.75]]."""
    maps = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[4.0, 3.0], [2.0, 1.0]]]])
    found = attribute(Given(torch.tensor([[0.5, -0.25]]), cells=4), maps, layer="maps")
    assert found.maps[0].tolist() == [[0.0, 0.25], [1.0, 1.75]]
    assert found.layer == "maps"


def test_global_average_and_linear_layer_make_the_map_the_class_weights(zoo: dict[str, Any]) -> None:
    """Section 5.5: before ReLU the map is sum_k w_ck A_k / (H W)."""
    module = zoo["InPlace"]()
    images = zoo["some_images"]((3, 16, 16))
    found = attribute(module, images, layer="relu", target=2).maps
    with torch.no_grad():
        activations = module.relu(module.second(module.pool(module.relu(module.first(images.clamp(-3, 3))))))
        expected = weighted_sum(activations, module.head.weight[2].expand(3, -1)) / 64
    np.testing.assert_allclose(found, expected.relu().numpy(), rtol=1e-4, atol=1e-7)


def test_activations_in_place_do_not_write_into_the_target() -> None:
    """Section 5.2: what follows the target in place must not change what was captured."""

    def network(inplace: bool) -> nn.Module:
        torch.manual_seed(0)
        convolution = nn.Conv2d(3, 4, 3)
        return nn.Sequential(convolution, nn.ReLU(inplace), nn.Flatten(), nn.Linear(4 * 36, 3))

    images = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(5))
    expected = attribute(network(False), images).maps
    assert (expected > 0).any()
    np.testing.assert_array_equal(attribute(network(True), images).maps, expected)


def test_equals_captum_where_nothing_works_in_place(zoo: dict[str, Any]) -> None:
    captum = pytest.importorskip("captum.attr")
    module, shape = zoo["make"]("plan")
    images = zoo["some_images"](shape)
    found = attribute(module, images, layer="conv.4")
    targets = torch.from_numpy(found.targets)
    expected = captum.LayerGradCam(module.eval(), module.conv[4]).attribute(images, targets, relu_attributions=True)
    np.testing.assert_allclose(found.maps, expected[:, 0].detach().numpy(), rtol=1e-5, atol=1e-8)


def test_frozen_networks_and_callers_without_gradients_get_the_same_maps(zoo: dict[str, Any]) -> None:
    module, shape = zoo["make"]("plan")
    images = zoo["some_images"](shape)
    expected = attribute(module, images).maps
    module.requires_grad_(False)
    with torch.no_grad():
        np.testing.assert_array_equal(attribute(module, images).maps, expected)
    with torch.inference_mode():
        np.testing.assert_array_equal(attribute(module, images).maps, expected)


def test_targets(zoo: dict[str, Any]) -> None:
    module, shape = zoo["make"]("plan")
    images = zoo["some_images"](shape)
    own = attribute(module, images)
    with torch.no_grad():
        scores = module(images)
    assert own.targets.tolist() == own.predicted.tolist() == scores.argmax(1).tolist()
    np.testing.assert_allclose(own.confidence, scores.softmax(1).amax(1), rtol=1e-6)
    labels = torch.tensor([4, 0, 2])
    true = attribute(module, images, target="true", labels=labels)
    given = attribute(module, images, target=labels)
    assert true.targets.tolist() == given.targets.tolist() == [4, 0, 2]
    np.testing.assert_array_equal(true.maps, given.maps)
    np.testing.assert_array_equal(attribute(module, images, target=4).maps[0], given.maps[0])
    assert not np.array_equal(given.maps, own.maps)


def test_log_probabilities_are_another_score(zoo: dict[str, Any]) -> None:
    module, shape = zoo["make"]("plan")
    images = zoo["some_images"](shape)
    scene = Scene(module.eval(), images, torch.tensor([0, 1, 2]), score="log_prob")
    torch.testing.assert_close(scene.target_scores(images), module(images).log_softmax(1)[range(3), range(3)])
    found = attribute(module, images, "input-x-gradient", target=1, score="log_prob").maps
    assert not np.allclose(found, attribute(module, images, "input-x-gradient", target=1).maps)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("max", [[[0.25, 0.5], [0.75, 1.0]], [[0.0, 0.0], [0.0, 0.0]], [[0.5, -1.0], [0.0, 0.25]]]),
        ("minmax", [[[0.0, 1 / 3], [2 / 3, 1.0]], [[0.0, 0.0], [0.0, 0.0]], [[1.0, 0.0], [2 / 3, 5 / 6]]]),
        ("sum", [[[0.1, 0.2], [0.3, 0.4]], [[0.0, 0.0], [0.0, 0.0]], [[2 / 7, -4 / 7], [0.0, 1 / 7]]]),
    ],
)
def test_every_map_is_normalised_by_itself(mode: str, expected: list[Any]) -> None:
    """Section 5.3, defect B13: never over a batch."""
    maps = np.array([[[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]], [[20.0, -40.0], [0.0, 10.0]]])
    np.testing.assert_allclose(normalise_maps(maps, mode), expected, rtol=1e-12)
    for number in range(3):
        np.testing.assert_array_equal(
            normalise_maps(maps[number : number + 1], mode)[0], normalise_maps(maps, mode)[number]
        )
    assert normalise_maps(maps, "none") is maps


def test_degenerate_maps_are_told() -> None:
    silent = Given(torch.zeros(1, 2), cells=4)
    images = torch.rand(3, 2, 2, 2)
    assert attribute(silent, images, layer="maps").degenerate.tolist() == [True] * 3
    assert attribute(silent, images, "constant", normalise="max").degenerate.all()
    assert not attribute(Given(torch.ones(1, 2), cells=4), images, layer="maps").degenerate.any()


class Difference(nn.Module):
    """Its scores are finite for two huge equal maps, of which no weighted sum is."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        maps = self.maps(images)
        difference = (maps[:, 0] - maps[:, 1]).sum((1, 2)) * 8
        return torch.stack([difference, -difference], dim=1)


def test_values_that_are_not_finite_name_layer_and_image() -> None:
    """Section 5.3."""
    images = torch.rand(5, 2, 2, 2)
    images[3] = 3e38
    with pytest.raises(TombolaError, match=r"map of image 3 .*layer 'maps'"):
        attribute(Difference(), images, layer="maps", batch_size=2)
    images[3] = torch.nan
    with pytest.raises(TombolaError, match="scores for image 3 are not finite"):
        attribute(Difference(), images, layer="maps", batch_size=2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "grad-kam"}, "did you mean 'grad-cam'"),
        ({"method": "edge-detecter"}, "did you mean 'edge-detector'"),
        ({"options": {"samples": 3}}, "method 'grad-cam' has no option 'samples'"),
        ({"method": "rise", "options": {"mask": 3}}, "did you mean 'masks'"),
        ({"score": "loss"}, "score = 'loss'"),
        ({"normalise": "batch"}, "normalise = 'batch'"),
        ({"batch_size": 0}, "batch_size = 0"),
        ({"target": "predict"}, "did you mean 'predicted'"),
        ({"target": "true"}, "needs labels"),
        ({"target": 5}, "classes 0 to 4"),
        ({"target": torch.tensor([0, 1])}, "one for each of 3 images"),
        ({"target": torch.tensor([0.0, 1.0, 2.0])}, "whole number"),
        ({"layer": "last_cnv"}, "did you mean 'last_conv'"),
    ],
)
def test_mistakes_are_one_sentence(zoo: dict[str, Any], change: dict[str, Any], message: str) -> None:
    module, shape = zoo["make"]("plan")
    with pytest.raises(TombolaError, match=message):
        attribute(module, zoo["some_images"](shape), **change)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.zeros(0, 3, 16, 16), "with an image"),
        (torch.zeros(3, 16, 16), "images = "),
        (torch.zeros(1, 3, 16, 16, dtype=torch.uint8), "normalise them"),
    ],
)
def test_images_are_checked(zoo: dict[str, Any], images: Tensor, message: str) -> None:
    with pytest.raises(TombolaError, match=message):
        attribute(zoo["make"]("plan")[0], images)


class Drawing(nn.Module):
    """Draws from the process's random state at every pass, and writes into what its layer handed on."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        torch.rand(3)
        seen = images * 2
        maps = self.maps(seen)
        scores = maps.mean((2, 3))
        seen.zero_()  # the maps' own memory, as an identity hands on what it gets
        return scores


def test_what_is_captured_has_memory_of_its_own_and_random_state_comes_back() -> None:
    images = torch.rand(2, 2, 3, 3)
    before = torch.get_rng_state()
    found = attribute(Drawing(), images, layer="maps", target=1).maps
    assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_allclose(found, images[:, 1] * 2 / 9, rtol=1e-6)
