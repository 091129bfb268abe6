from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from tombola.training.sparse import functions
from tombola.training.sparse.kernels import kernel
from tombola.training.sparse.tiles import load, store, tile1, tile4

TANH_ERROR, TANH_ULPS = 4e-7, 8
"""Largest absolute error of tanh, and largest error in units of the last place (which says more near 0)."""

EXP_ERROR = 2e-7
"""Largest relative error of exp from -86 to 0."""

Floats = NDArray[np.float32]
Apply = Callable[..., Floats]


@pytest.fixture(scope="module")
def apply() -> Apply:
    """Apply a function of tiles by name, to any number of floats."""
    tanh, exp, relu, maximum = functions.tanh, functions.exp, functions.relu, functions.maximum
    relu_gradient, tanh_gradient = functions.relu_gradient, functions.tanh_gradient
    equal, different = functions.where_equal, functions.where_different

    @kernel
    def run(which: int, a: Floats, b: Floats, c: Floats, result: Floats) -> None:
        for k in range(0, len(result), 16):
            x, y, z = load(tile1(0.0), a, k), load(tile1(0.0), b, k), load(tile1(0.0), c, k)
            value = x
            if which == 0:
                value = tanh(x)
            elif which == 1:
                value = exp(x)
            elif which == 2:
                value = relu(x)
            elif which == 3:
                value = maximum(x, y)
            elif which == 4:
                value = relu_gradient(x, y)
            elif which == 5:
                value = tanh_gradient(x, y)
            elif which == 6:
                value = equal(x, y, z)
            else:
                value = different(x, y, z)
            store(value, result, k)

    names = ["tanh", "exp", "relu", "maximum", "relu_gradient", "tanh_gradient", "where_equal", "where_different"]

    def applied(name: str, *arguments: object) -> Floats:
        columns = [np.atleast_1d(np.asarray(argument, np.float32)) for argument in arguments]
        count = len(columns[0])
        padded = np.zeros((3, -(-count // 16) * 16), np.float32)
        padded[: len(columns), :count] = columns
        result = np.empty_like(padded[0])
        run(names.index(name), *padded, result)
        return result[:count]

    return applied


def spread(low: float, high: float) -> Floats:
    """Return numbers from all over an interval, half of them of small magnitude."""
    rng = np.random.default_rng(0)
    small = np.exp(rng.uniform(-40, 2, 300_000)) * rng.choice([-1, 1], 300_000)
    x = np.concatenate([np.linspace(low, high, 300_000), small]).astype(np.float32)
    return x[(x >= low) & (x <= high)]


def test_tanh_error(apply: Apply) -> None:
    x = spread(-12, 12)
    y, truth = apply("tanh", x), np.tanh(x.astype(np.float64))
    assert np.abs(y - truth).max() < TANH_ERROR
    assert (np.abs(y - truth) / np.spacing(np.abs(truth).astype(np.float32))).max() < TANH_ULPS
    assert np.abs(y).max() <= 1
    np.testing.assert_array_equal(apply("tanh", -x), -y)


def test_exp_error(apply: Apply) -> None:
    x = spread(-86, 0)
    y, truth = apply("exp", x), np.exp(x.astype(np.float64))
    assert np.abs(y / truth - 1).max() < EXP_ERROR
    assert apply("exp", 0.0) == 1
    assert (apply("exp", [-87.5, -1000, -np.inf]) < 1e-37).all()


def test_what_is_not_finite(apply: Apply) -> None:
    np.testing.assert_allclose(apply("tanh", [np.nan, np.inf, -np.inf, -0.0]), [np.nan, 1, -1, 0], atol=1e-6)
    assert np.isnan(apply("exp", np.nan)).all()
    np.testing.assert_array_equal(apply("relu", [np.nan, np.inf, -np.inf, -3, 2, -0.0]), [np.nan, np.inf, 0, 0, 2, 0])
    a, b = [np.nan, 1, np.nan, 1, 2, -np.inf], [1, np.nan, np.nan, 2, 1, 0]
    np.testing.assert_array_equal(apply("maximum", a, b), [np.nan, np.nan, np.nan, 2, 2, 0])


def test_derivatives_and_choices(apply: Apply) -> None:
    outputs = [0, -0.0, 2, 1e-30, np.nan]
    np.testing.assert_array_equal(apply("relu_gradient", [7, 7, 7, 7, 7], outputs), [0, 0, 7, 7, 7])
    np.testing.assert_array_equal(apply("tanh_gradient", [2, 2, 2], [0, 0.5, -1]), [2, 1.5, 0])
    a, b = [1, 2, np.nan, 0], [1, 3, np.nan, -0.0]
    np.testing.assert_array_equal(apply("where_equal", a, b, [5, 5, 5, 5]), [5, 0, 0, 5])
    np.testing.assert_array_equal(apply("where_different", a, b, [5, 5, 5, 5]), [0, 5, 5, 0])


def test_functions_work_on_tiles_of_any_width(apply: Apply) -> None:
    tanh = functions.tanh

    @kernel
    def wide(x: Floats, y: Floats) -> None:
        store(tanh(load(tile4(0.0), x, 0)), y, 0)

    x = np.linspace(-3, 3, 64, dtype=np.float32)
    y = np.empty_like(x)
    wide(x, y)
    np.testing.assert_array_equal(y, apply("tanh", x))
