"""What every registered explanation method and baseline must be and do (explainability reference, 5.4 and 5.6)."""

import gc
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.explain import attribute, baselines, methods
from tombola.explain.methods import find_method

NETWORKS = ("plan", "resnet20", "in-place", "vgg16-imagenet")
QUICK: dict[str, dict[str, Any]] = {
    "rise": {"masks": 20},
    "smoothgrad": {"samples": 4},
    "integrated-gradients": {"steps": 8},
    "occlusion": {"patch": 8, "stride": 8},
}
"""Fewer samples than by default, for tests that do not depend on them."""
EVERY = [*methods, *baselines]


def explained(name: str, module: nn.Module, images: Tensor, **changes: Any) -> Any:
    return attribute(module, images, name, options=QUICK.get(name), **changes)


def hooks(module: nn.Module) -> list[int]:
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks", "_state_dict_hooks")
    return [len(getattr(part, kind)) for part in module.modules() for kind in kinds]


def condition(module: nn.Module) -> dict[str, Any]:
    return {
        "hooks": hooks(module),
        "modes": [part.training for part in module.modules()],
        "flags": [parameter.requires_grad for parameter in module.parameters()],
        "gradients": [None if p.grad is None else p.grad.clone() for p in module.parameters()],
        "values": {name: value.clone() for name, value in module.state_dict().items()},
        "attributes": [sorted(vars(part)) for part in module.modules()],
        "random": torch.get_rng_state(),
        "precision": (torch.backends.cudnn.conv.fp32_precision, torch.backends.cuda.matmul.fp32_precision),
    }


def assert_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    for what, value in before.items():
        now = after[what]
        if what == "values":
            assert value.keys() == now.keys()
            assert all(torch.equal(value[name], now[name]) for name in value)
        elif what == "gradients":
            pairs = list(zip(value, now, strict=True))
            assert all((a is None) == (b is None) and (a is None or torch.equal(a, b)) for a, b in pairs)
        elif what == "random":
            assert torch.equal(value, now)
        else:
            assert value == now, what


def accepts(name: str, network: str) -> bool:
    return not (find_method(name).chains_only and network in ("resnet20", "in-place"))


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", EVERY)
def test_one_finite_map_per_image_whatever_the_batch(zoo: dict[str, Any], name: str, network: str) -> None:
    module, shape = zoo["make"](network)
    large = network == "vgg16-imagenet"
    images = zoo["some_images"](shape, 1 if large else 3)
    if not accepts(name, network):
        with pytest.raises(TombolaError, match="chains of modules"):
            explained(name, module, images)
        return
    found = explained(name, module, images)
    assert found.maps.shape[0] == len(images)
    assert found.maps.dtype == np.float32
    assert np.isfinite(found.maps).all()
    method = find_method(name)
    if not method.uses_layer:
        assert found.maps.shape[1:] == shape[1:]
        assert found.layer == ""
    if not method.signed:
        assert (found.maps >= 0).all()
    if large:
        return
    scale = np.abs(found.maps).max()
    single = explained(name, module, images, batch_size=1)
    np.testing.assert_allclose(single.maps, found.maps, rtol=0, atol=1e-5 * scale)
    # alone, not only apart: an image's map does not depend on what it stands beside
    last = explained(name, module, images[-1:])
    np.testing.assert_allclose(last.maps[0], found.maps[-1], rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("name", EVERY)
def test_seeds(zoo: dict[str, Any], name: str) -> None:
    module, shape = zoo["make"]("plan")
    images = zoo["some_images"](shape)
    first = explained(name, module, images, seed=1).maps
    torch.rand(7)  # whatever happens to the process's random state
    np.testing.assert_array_equal(explained(name, module, images, seed=1).maps, first)
    other = explained(name, module, images, seed=2).maps
    assert np.array_equal(other, first) is not find_method(name).stochastic


@pytest.mark.parametrize("network", ["plan", "in-place"])
@pytest.mark.parametrize("name", EVERY)
def test_nothing_is_left_behind(zoo: dict[str, Any], name: str, network: str) -> None:
    module, shape = zoo["make"](network)
    module.train()
    next(iter(module.children())).eval()  # mixed modes, mixed flags, gradients that somebody else needs
    parameters = list(module.parameters())
    parameters[0].requires_grad_(False)
    parameters[1].grad = torch.full_like(parameters[1], 7.0)
    images = zoo["some_images"](shape)
    kept, before = images.clone(), condition(module)
    if accepts(name, network):
        explained(name, module, images)
    else:
        with pytest.raises(TombolaError):
            explained(name, module, images)
    assert_same(before, condition(module))
    assert torch.equal(images, kept)
    assert not images.requires_grad


class Failing(nn.Module):
    """Gives up at its n-th pass, or at the first one that needs gradients."""

    def __init__(self, passes: int, last: nn.Module) -> None:
        super().__init__()
        self.body, self.last, self.passes = nn.Conv2d(3, 4, 3), last, passes

    def forward(self, images: Tensor) -> Tensor:
        maps = self.body(images)
        self.passes -= 1
        if self.passes < 0:
            raise RuntimeError("out of order")
        return self.last(maps)


@pytest.mark.parametrize("passes", [0, 1, 2])
@pytest.mark.parametrize("name", [name for name in EVERY if not find_method(name).chains_only])
def test_nothing_is_left_behind_after_an_exception(zoo: dict[str, Any], name: str, passes: int) -> None:
    """Defect B10."""
    last = nn.Sequential(nn.Flatten(), nn.Linear(4 * 14 * 14, 3))
    module = Failing(passes, last).train()
    before = condition(module)
    raised = False
    try:
        explained(name, module, zoo["some_images"]((3, 16, 16)))
    except RuntimeError:
        raised = True
    # the layer is looked up in one pass, answers take another, and then it is the method's turn
    assert raised or passes > find_method(name).uses_layer + find_method(name).uses_module
    assert_same(before, condition(module))


def test_no_tensor_is_kept(zoo: dict[str, Any]) -> None:
    """Defect B10: memory does not grow with the number of images."""
    module, shape = zoo["make"]("plan")
    images = zoo["some_images"](shape)

    def run(times: int) -> int:
        for _ in range(times):
            for name in EVERY:
                explained(name, module, images)
        gc.collect()
        return sum(issubclass(type(thing), Tensor) for thing in gc.get_objects())

    before = run(1)
    assert run(2) <= before


@pytest.mark.parametrize("name", EVERY)
def test_weights_matter_to_methods_and_not_to_baselines(zoo: dict[str, Any], name: str) -> None:
    module, shape = zoo["make"]("plan")
    images = zoo["some_images"](shape)
    before = explained(name, module, images, target=0).maps
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(9)) / 3)
    after = explained(name, module, images, target=0).maps
    assert np.array_equal(before, after) is (name in baselines)
    assert find_method(name).uses_module is (name in methods)


@pytest.mark.parametrize("name", EVERY)
def test_double_precision_and_words(zoo: dict[str, Any], name: str) -> None:
    module, shape = zoo["make"]("plan")
    found = explained(name, module.double(), zoo["some_images"](shape))
    assert found.maps.dtype == np.float64
    assert find_method(name).summary.endswith((".", ")"))
    assert all(default is not found for default in find_method(name).options.values())
