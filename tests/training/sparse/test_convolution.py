from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from torch import nn

from tombola.specs import TrainSpec
from tombola.training.sparse import fields as at

MakeCase = Callable[..., Any]
TOLERANCE = 2e-6
"""Largest difference of a gradient from float64; gradients are of order 0.01 to 1."""

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
geometries = st.tuples(
    st.tuples(st.integers(1, 5), st.integers(1, 5)), pairs, st.tuples(st.integers(0, 3), st.integers(0, 3))
)


def after(layers: list[tuple[Any, Any, Any]], size: tuple[int, int]) -> list[int]:
    """Return height and width behind the convolutions; not positive where they do not fit."""
    sizes = list(size)
    for kernel, stride, padding in layers:
        if min(sizes) > 0:
            sizes = [(n + 2 * p - k) // s + 1 for n, k, s, p in zip(sizes, kernel, stride, padding, strict=True)]
    return sizes


def check(make_case: MakeCase, layers: list[tuple[Any, Any, Any]], size: tuple[int, int], density: float) -> None:
    """Compare loss and gradients of convolutions one after the other with PyTorch in float64."""
    shape, sizes = (2, *size), after(layers, size)

    def body() -> nn.Module:
        convolutions: list[nn.Module] = []
        for number, (kernel, stride, padding) in enumerate(layers):
            channels = 2 if number == 0 else 3
            convolutions += [nn.Conv2d(channels, 3, kernel, stride, padding, bias=number != 1), nn.Tanh()]
        return nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(3 * sizes[0] * sizes[1], 5))

    case = make_case(body, density, shape=shape, classes=5, images=20)
    network, module = case.network(TrainSpec(optimiser="sgd", batch_size=20)), case.module.double()
    loss = F.cross_entropy(module(case.fed()), case.labels)
    loss.backward()
    assert case.train(network, np.arange(20), [1e-12]) == pytest.approx(loss.item(), rel=1e-5)
    for name, gradient in case.gradients(network).items():
        wanted = module.get_parameter(name).grad * case.mask.get(name, torch.tensor(True))
        torch.testing.assert_close(gradient.double(), wanted, rtol=1e-5, atol=TOLERANCE)


@settings(max_examples=40, deadline=None)
@given(
    first=geometries,
    second=geometries,
    third=geometries,
    size=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    density=st.sampled_from([1.0, 0.5, 0.1]),
)
@example(((3, 3), (1, 1), (1, 1)), ((1, 1), (2, 3), (0, 0)), ((2, 2), (1, 1), (2, 3)), (7, 9), 1.0)
@example(((2, 5), (3, 1), (1, 2)), ((1, 2), (3, 2), (0, 1)), ((3, 1), (1, 1), (1, 0)), (12, 11), 0.5)
def test_any_kernel_stride_and_padding(
    make_case: MakeCase, first: Any, second: Any, third: Any, size: tuple[int, int], density: float
) -> None:
    assume(min(after([first, second, third], size)) > 0)
    check(make_case, [first, second, third], size, density)


@pytest.mark.parametrize("width", [1, 2, 5, 15, 16, 23, 33])
def test_rows_of_any_width_are_summed_in_tiles(width: int, make_case: MakeCase) -> None:
    same = ((3, 3), (1, 1), (1, 1))
    check(make_case, [same, same], (2, width), 0.5)


def test_maps_larger_than_the_first_level_cache_are_summed_in_blocks(make_case: MakeCase) -> None:
    def body() -> nn.Module:
        head = (nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 5))
        convolutions = (nn.Conv2d(2, 40, 1), nn.Tanh(), nn.Conv2d(40, 4, 3, padding=1), nn.Tanh())
        return nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(128, 40), nn.Tanh(), *head)

    case = make_case(body, shape=(2, 2, 16), classes=5, images=250)
    network, module = case.network(TrainSpec(optimiser="sgd", batch_size=250)), case.module.double()
    program = network._training[0]
    blocked = (program[:, at.CODE] == at.SUMS) & (program[:, at.BLOCKS] > 1)
    # forward with an activation, and backward with the derivative of one
    assert program[blocked, at.ACTIVATION].any()
    assert program[blocked, at.SLOPE].any()
    loss = F.cross_entropy(module(case.fed()), case.labels)
    loss.backward()
    assert case.train(network, np.arange(250), [1e-12]) == pytest.approx(loss.item(), rel=1e-5)
    for name, gradient in case.gradients(network).items():
        torch.testing.assert_close(gradient.double(), module.get_parameter(name).grad, rtol=1e-5, atol=TOLERANCE)
