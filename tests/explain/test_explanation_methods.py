"""What single methods promise: completeness, known formulas, agreement with Captum and with each other."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.explain import attribute
from tombola.explain.grad_cam import maps_and_gradients
from tombola.explain.rise import random_masks
from tombola.explain.scene import Scene


class Corner(nn.Module):
    """Its class 1 is the brightness of the upper left quarter, and nothing else."""

    def forward(self, images: Tensor) -> Tensor:
        bright = images[:, :, :4, :4].mean((1, 2, 3))
        return torch.stack([0 * bright, bright], dim=1)


IMAGES = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)) + 0.5


@pytest.mark.parametrize("method", ["input-x-gradient", "integrated-gradients", "occlusion", "smoothgrad", "rise"])
def test_what_matters_is_where_it_is(method: str) -> None:
    maps = attribute(Corner(), IMAGES, method, target=1, options={"masks": 600} if method == "rise" else None).maps
    inside = maps[:, :4, :4]
    outside = maps.copy()
    outside[:, :5, :5] = 0
    assert inside.mean() > 10 * np.abs(outside).mean() if method != "rise" else inside.mean() > 3 * outside.mean()
    if method != "rise":
        assert np.abs(maps[:, 5:, 5:]).max() == 0


@pytest.mark.parametrize(("kind", "tolerance"), [("plan", 0.05), ("in-place", 0.05)])
def test_integrated_gradients_are_complete(zoo: dict[str, Any], kind: str, tolerance: float) -> None:
    """Section 5.6: they sum up to the difference of scores between the image and the mean image."""
    module, shape = zoo["make"](kind)
    images = zoo["some_images"](shape)
    maps = attribute(module, images, "integrated-gradients", target=1, options={"steps": 200}).maps
    module.eval()
    with torch.no_grad():
        difference = (module(images.clone()) - module(torch.zeros_like(images)))[:, 1].numpy()
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), difference, rtol=tolerance)


def test_integrated_gradients_are_exact_where_the_network_is_smooth() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(4 * 36, 3))
    maps = attribute(module, IMAGES, "integrated-gradients", target=2).maps
    with torch.no_grad():
        difference = (module(IMAGES) - module(torch.zeros_like(IMAGES)))[:, 2].numpy()
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), difference, rtol=1e-4)


def test_occlusion_covers_patches_by_the_mean_image() -> None:
    maps = attribute(Corner(), IMAGES, "occlusion", target=1, options={"patch": 4, "stride": 4}).maps
    expected = IMAGES[:, :, :4, :4].mean((1, 2, 3))
    np.testing.assert_allclose(maps[:, :4, :4], expected[:, None, None].expand(-1, 4, 4), rtol=1e-5)
    assert (maps[:, 4:] == 0).all()


def test_smoothgrad_without_noise_is_the_gradient(zoo: dict[str, Any]) -> None:
    captum = pytest.importorskip("captum.attr")
    module, shape = zoo["make"]("plan")
    images = zoo["some_images"](shape)
    maps = attribute(module, images, "smoothgrad", target=3, options={"samples": 2, "noise": 0.0}).maps
    expected = captum.Saliency(module.eval()).attribute(images.requires_grad_(), target=3).amax(1)
    np.testing.assert_allclose(maps, expected, rtol=1e-4, atol=1e-7)


def test_smoothgrad_approaches_the_mean_gradient() -> None:
    class Square(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return images.square().sum((1, 2, 3))[:, None]

    maps = attribute(Square(), IMAGES, "smoothgrad", options={"samples": 4000, "noise": 0.5}).maps
    np.testing.assert_allclose(maps, 2 * IMAGES.amax(1), atol=0.1)


def test_lrp_without_gamma_is_pixel_times_gradient(zoo: dict[str, Any]) -> None:
    """Ancona et al. 2018, for chains of rectified units; and the gamma rule is something else."""
    module, shape = zoo["make"]("plan")
    images = zoo["some_images"](shape)
    expected = attribute(module, images, "input-x-gradient", target=1).maps
    plain = attribute(module, images, "lrp", target=1, options={"gamma": 0.0}).maps
    np.testing.assert_allclose(plain, expected, rtol=1e-3, atol=1e-5 * np.abs(expected).max())
    assert not np.allclose(attribute(module, images, "lrp", target=1).maps, expected, rtol=0.1)


def test_lrp_conserves_relevance_without_biases() -> None:
    torch.manual_seed(2)
    module = nn.Sequential(
        nn.Conv2d(3, 6, 3, bias=False),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 6, 3, bias=False),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(6, 3, bias=False),
    )
    maps = attribute(module, IMAGES, "lrp", target=0).maps
    with torch.no_grad():
        np.testing.assert_allclose(maps.sum(axis=(1, 2)), module(IMAGES)[:, 0], rtol=1e-3)


@pytest.mark.parametrize("options", [{"gamma": -1.0}, {"epsilon": 0.0}])
def test_lrp_checks_its_options(zoo: dict[str, Any], options: dict[str, float]) -> None:
    module, shape = zoo["make"]("plan")
    with pytest.raises(TombolaError, match="gamma of 0 or more"):
        attribute(module, zoo["some_images"](shape), "lrp", options=options)
    with pytest.raises(TombolaError, match="choose score = 'logit'"):
        attribute(module, zoo["some_images"](shape), "lrp", score="log_prob")


def test_grad_cam_plus_plus_formula(zoo: dict[str, Any]) -> None:
    """Formula 19 of Chattopadhay et al. 2018, for rectified maps, as it stands there."""
    module, shape = zoo["make"]("plan")
    images, targets = zoo["some_images"](shape), torch.tensor([0, 1, 2])
    maps, gradients = maps_and_gradients(Scene(module.eval(), images, targets, layer="conv.4"))
    maps, gradients = maps.double(), gradients.double()
    below = 2 * gradients**2 + maps.sum((2, 3), keepdim=True) * gradients**3
    shares = torch.where(gradients != 0, gradients**2 / torch.where(below != 0, below, 1.0), 0.0)
    expected = ((shares * gradients.relu()).sum((2, 3), keepdim=True) * maps).sum(1).relu()
    found = attribute(module, images, "grad-cam++", layer="conv.4", target=targets).maps
    assert (found > 0).any()
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)


def test_masks_of_rise() -> None:
    generator = torch.Generator().manual_seed(0)
    masks = random_masks(4000, 9, 14, generator, cells=4, keep=0.3)
    assert masks.shape == (4000, 9, 14)
    assert 0 <= masks.min() <= masks.max() <= 1
    np.testing.assert_allclose(masks.mean(0), 0.3, atol=0.04)  # every pixel alike, borders included
    assert (masks.mean((1, 2)).std() > 0.05).item()
    assert random_masks(2, 3, 2, generator).shape == (2, 3, 2)  # smaller than the grid


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("rise", {"masks": 1}),
        ("rise", {"keep": 1.0}),
        ("rise", {"cells": 0}),
        ("smoothgrad", {"samples": 0}),
        ("smoothgrad", {"noise": -0.1}),
        ("integrated-gradients", {"steps": 0}),
        ("occlusion", {"patch": 9}),
        ("occlusion", {"patch": 2, "stride": 3}),
    ],
)
def test_options_are_checked(method: str, options: dict[str, Any]) -> None:
    name, value = next(iter(options.items()))
    with pytest.raises(TombolaError, match=f"{name} = {value}"):
        attribute(Corner(), IMAGES, method, options=options)


def test_without_captum_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(TombolaError, match=r"needs Captum.*pip install 'tombola\[explain\]'"):
        attribute(Corner(), IMAGES, "occlusion")
    assert attribute(Corner(), IMAGES, "smoothgrad", options={"samples": 1}).maps.shape == (2, 8, 8)


def test_baselines() -> None:
    image = torch.zeros(1, 3, 8, 8)
    image[..., 4:] = 1
    edges = attribute(Corner(), image, "edge-detector").maps[0]
    assert (edges[:, 3:5] == 4).all()
    assert edges[:, :3].max() == edges[:, 5:].max() == 0
    bell = attribute(Corner(), image, "centre-gaussian").maps[0]
    np.testing.assert_allclose(bell, bell[::-1, ::-1])
    assert bell.argmax() in (27, 28, 35, 36)
    assert attribute(Corner(), image, "constant").degenerate.all()
    uniform = attribute(Corner(), IMAGES, "random").maps
    assert 0 <= uniform.min() < 0.2 < 0.8 < uniform.max() < 1
    assert not np.array_equal(uniform[0], uniform[1])


def test_lrp_passes_containers_without_children() -> None:
    torch.manual_seed(0)
    parts = [nn.Conv2d(3, 4, 3, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 3, bias=False)]
    with_empty = nn.Sequential(*parts[:2], nn.Sequential(), *parts[2:])
    images = torch.rand(2, 3, 8, 8)
    expected = attribute(nn.Sequential(*parts), images, "lrp", target=1).maps
    assert np.array_equal(attribute(with_empty, images, "lrp", target=1).maps, expected)
