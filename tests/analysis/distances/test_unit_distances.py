"""Unit distances: toys of the reference, literal loops, and what every registered one has to hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tombola.analysis.distances import unit_distances
from tombola.analysis.distances.products import Compute, product
from tombola.analysis.distances.units import Units
from tombola.errors import TombolaError

A = np.array([-1, 0, 1, -2, 0, 2, -1, 0, 1])
B = -A
C = np.array([1, 2, 1, 0, 0, 0, -1, -2, -1])
D = np.array([1, 2, 3, 0, 0, 0, 4, 5, 6])
E = np.array([-1, -2, -3, 0, 0, 0, 4, 5, 6])

LAYER = arrays(np.float32, (4, 7), elements=st.sampled_from([0, 0, 0, 1, -1, 2, -0.5]))


def pair(name: str, one: np.ndarray, two: np.ndarray) -> float:
    return float(unit_distances[name].pairs(Units.of(one[None]), Units.of(two[None]))[0])


def literal(name: str, a: np.ndarray, b: np.ndarray) -> float:
    """The definitions of section 7.1, position by position."""
    if name == "maed":
        apart = sum(abs(x - y) for x, y in zip(a, b, strict=True))
        most = sum(abs(x - y) for x, y in zip(sorted(a), sorted(b, reverse=True), strict=True))
        return apart / most if most else 0.0
    either = sum(1 for x, y in zip(a, b, strict=True) if x != 0 or y != 0)
    alike = {"ned": lambda x, y: x != 0 and y != 0, "sasd": lambda x, y: x * y > 0}[name]
    same = sum(1 for x, y in zip(a, b, strict=True) if alike(x, y))
    return 1 - same / either if either else 0.0


@pytest.mark.parametrize(
    ("one", "two", "expected"), [(A, 2 * B, (0, 1, 1)), (A, C, (0.5, 0.75, 0.75)), (100 * D, E, (0, 0.5, None))]
)
def test_toys_of_the_reference(one: np.ndarray, two: np.ndarray, expected: tuple[float | None, ...]) -> None:
    """sparse_analysis.md 7.1."""
    for name, value in zip(("ned", "sasd", "maed"), expected, strict=True):
        if value is not None:
            assert pair(name, one, two) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("name", unit_distances)
@settings(max_examples=25, deadline=None)
@given(one=LAYER, two=LAYER)
def test_matrix_form_is_the_literal_loop_and_symmetric(name: str, one: np.ndarray, two: np.ndarray) -> None:
    measure, first, second = unit_distances[name], Units.of(one), Units.of(two)
    matrix = measure.matrix(first, second)
    if name in ("ned", "sasd", "maed"):
        loops = [[literal(name, a, b) for b in two.tolist()] for a in one.tolist()]
        np.testing.assert_allclose(matrix, loops, atol=1e-7)
    np.testing.assert_allclose(measure.pairs(first, second), np.diag(matrix), atol=1e-12)
    np.testing.assert_allclose(measure.matrix(second, first).T, matrix, atol=1e-12)
    np.testing.assert_allclose(np.diag(measure.matrix(first, first)), 0, atol=1e-12)
    assert matrix.min() >= 0
    assert matrix.max() <= 1


@pytest.mark.parametrize("name", unit_distances)
@settings(max_examples=10, deadline=None)
@given(one=LAYER, two=LAYER, block=st.integers(1, 9))
def test_blocks_and_device_change_nothing(name: str, one: np.ndarray, two: np.ndarray, block: int) -> None:
    measure, first, second = unit_distances[name], Units.of(one), Units.of(two)
    expected = measure.matrix(first, second)
    assert (measure.matrix(first, second, Compute("cpu", block)) == expected).all()


@pytest.mark.parametrize("name", unit_distances)
def test_codes_see_what_is_kept_and_planes_add_up_to_likeness(name: str) -> None:
    measure, units = unit_distances[name], Units.of(np.stack([A, B, C, D]))
    assert ((measure.codes(units) != 0) == units.keep).all()
    alike = sum(product(plane, plane) for plane in measure.planes(units))
    assert (np.diag(alike) >= alike.max(1) - 1e-6).all() or name == "maed"


def test_a_survivor_that_is_zero_counts_as_kept_but_never_as_alike() -> None:
    keep = np.array([[True, True, False]])
    units = Units.of(np.array([[0.0, 1.0, 5.0]]), keep)
    assert units.values[0, 2] == 0
    assert unit_distances["ned"].pairs(units, units)[0] == 0
    assert unit_distances["sasd"].pairs(units, units)[0] == 0.5


def test_empty_units_are_at_distance_zero() -> None:
    empty = Units.of(np.zeros((2, 3)))
    for name in unit_distances:
        assert (unit_distances[name].matrix(empty, empty) == 0).all()


@pytest.mark.parametrize(
    ("weight", "keep", "word"), [([[np.nan]], [[True]], "finite"), ([[1.0]], [[True, True]], "fit")]
)
def test_weights_that_cannot_be_compared_are_refused(weight: list, keep: list, word: str) -> None:
    with pytest.raises(TombolaError, match=word):
        Units.of(np.array(weight), np.array(keep))
