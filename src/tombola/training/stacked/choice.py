"""Which form of a stacked convolution is fastest: measured, once per shape and process."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from statistics import median
from time import perf_counter

import torch
from torch import Tensor

from tombola.training.placement import products
from tombola.training.stacked.capture import captured
from tombola.training.stacked.convolution import FORMS, Geometry
from tombola.training.stacked.precision import Precision

CANDIDATES = ("grouped", "unfolded", "looped", "looped-last")
"""The forms that are chosen from."""

COLUMNS_LIMIT = 4 * 2**30
"""Bytes of patches above which `unfolded` is not even tried."""


@dataclass(frozen=True)
class Shape:
    """All that the speed of a stacked convolution depends on.

    Attributes
    ----------
    images, kernels
        (replicate, n, inputs, height, width) and (replicate, outputs, inputs, height, width).
    bias
        Whether it has one.
    geometry, precision
        How and in what it computes.
    training
        Whether it goes backward too.
    """

    images: tuple[int, ...]
    kernels: tuple[int, ...]
    bias: bool
    geometry: Geometry
    precision: Precision
    training: bool = True


@cache
def fastest(shape: Shape) -> str:
    """Return the form that is fastest for a shape."""
    times = {form: milliseconds(form, shape) for form in CANDIDATES if feasible(form, shape)}
    return min(times, key=lambda form: times[form])


def feasible(form: str, shape: Shape) -> bool:
    """Return whether a form can do a shape, in reasonable memory."""
    if form != "unfolded":
        return True
    replicates, n, _, height, width = shape.images
    patch = shape.kernels[2] * shape.kernels[3] * shape.kernels[4]
    return shape.geometry.groups == 1 and replicates * n * patch * height * width * 4 < COLUMNS_LIMIT


def milliseconds(form: str, shape: Shape, repeats: int = 5) -> float:
    """Return the median time of one pass; on CUDA captured, as in training, so that launches cost nothing."""
    device, times = shape.precision.device, []
    with products(device, "tf32" if shape.precision.tf32 else "fp32"):
        run = captured(_pass(form, shape), device)
        for _ in range(repeats):
            _wait(device)
            began = perf_counter()
            run()
            _wait(device)
            times.append((perf_counter() - began) * 1e3)
    return median(times)


def _pass(form: str, shape: Shape) -> Callable[[], None]:
    def ones(*size: int) -> Tensor:
        # not random numbers: nothing may touch the global generators
        return torch.ones(size, dtype=precision.dtype, device=precision.device, requires_grad=shape.training)

    precision = shape.precision
    x, weight = ones(*shape.images), ones(*shape.kernels)
    bias = ones(*shape.kernels[:2]) if shape.bias else None
    leaves = [leaf for leaf in (x, weight, bias) if leaf is not None]

    def run() -> None:
        with torch.set_grad_enabled(shape.training):
            with precision.computing():
                y = FORMS[form](x, weight, bias, shape.geometry)
            if shape.training:
                torch.autograd.grad(y, leaves, torch.ones_like(y))

    return run


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
