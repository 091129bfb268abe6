"""Runs, weight distances and patches of first-layer units."""

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tombola.analysis.structure import (
    find_runs,
    find_runs_sna2023,
    image_shape,
    mean_gaps,
    plane_components,
    relative_positions,
    rows_of,
    spans,
    weight_distances_sna2023,
)
from tombola.errors import TombolaError

Generate = Callable[[int, float], Mapping[str, np.ndarray]]
MASKS = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=12))


def indices(*places: int, length: int = 9) -> np.ndarray:
    found = np.zeros((1, length), bool)
    found[0, list(places)] = True
    return found


def test_section_13_runs(generated: Generate) -> None:
    layers = [rows_of(weights != 0) for weights in generated(7, 0.3).values()]
    assert [rows.sum() for rows in layers] == [100, 60, 25]
    runs = [find_runs(rows) for rows in layers]
    assert [len(found.size) for found in runs] == [70, 40, 16]
    assert [found.size.mean() for found in runs] == pytest.approx([1.428571, 1.5, 1.5625], abs=1e-6)
    assert [found.largest.max() for found in runs] == [5, 4, 3]
    published = [find_runs_sna2023(rows) for rows in layers]
    assert [np.nansum(found.count) for found in published] == [59, 31, 14]
    distances = [weight_distances_sna2023(rows) for rows in layers]
    assert [np.nansum(found) for found in distances] == [47, 30, 7]
    assert [np.isfinite(found).sum() for found in distances] == [16, 12, 5]


def test_the_toy_of_section_7_7() -> None:
    rows = indices(0, 1, 2, 5, 7, 8)
    values = np.where(rows, [[1, 1, -1, 0, 0, 1, 0, -1, -1]], 0.0)
    runs, published = find_runs(rows, values), find_runs_sna2023(rows, values)
    assert runs.count.tolist() == [3]
    assert runs.size.tolist() == [3, 1, 2]
    assert runs.start.tolist() == [0, 5, 7]
    assert runs.positive.tolist() == pytest.approx([2 / 3, 1, 0])
    assert published.count.tolist() == [3]
    assert published.size.tolist() == [2]
    assert published.positive.tolist() == pytest.approx([2 / 3])  # the single is none, the last is lost


def test_published_runs_where_there_is_little() -> None:
    rows = np.concatenate([indices(), indices(4), indices(1, 2), indices(1, 3), indices(0, 1, 2, 3)])
    published = find_runs_sna2023(rows)
    np.testing.assert_equal(published.count, [np.nan, np.nan, 1, 1, 1])
    assert np.isnan(published.size).all()
    assert not len(published.positive)


def test_distances_between_survivors() -> None:
    rows = np.concatenate([indices(), indices(4), indices(2, 3), indices(0, 3, 8)])
    assert spans(rows).tolist() == [0, 0, 1, 8]
    np.testing.assert_equal(mean_gaps(rows), [np.nan, np.nan, 1, 4])
    np.testing.assert_equal(weight_distances_sna2023(rows), [np.nan, 0, 1, 4])
    np.testing.assert_equal(weight_distances_sna2023(indices(0, 3, 4, 8)), [2])  # 8/3, cut
    unit, place = relative_positions(rows)
    assert unit.tolist() == [1, 2, 2, 3, 3, 3]
    assert place.tolist() == pytest.approx([0.5, 0.25, 0.375, 0, 0.375, 1])


@given(MASKS)
def test_runs_are_what_walking_along_finds(rows: np.ndarray) -> None:
    runs = find_runs(rows)
    assert runs.size.sum() == rows.sum()
    for unit, row in enumerate(rows):
        text = "".join("x" if bit else " " for bit in row).split()
        assert [len(part) for part in text] == runs.size[runs.unit == unit].tolist()
        assert runs.largest[unit] == max(map(len, text), default=0)


@given(MASKS)
def test_published_counts_are_what_its_rule_counts(rows: np.ndarray) -> None:
    found = find_runs_sna2023(rows).count
    for row, count in zip(rows, found, strict=True):
        places = np.flatnonzero(row)
        steps = np.diff(places)
        assert (np.isnan(count) and len(places) < 2) or count == (steps > 1).sum() + (steps[0] == 1)


def test_patches_of_pixels() -> None:
    keep = np.zeros((3, 2, 3, 3), bool)
    keep[0, 0, 0, :2] = keep[0, 1, 1, 1] = True  # joined through the other channel
    keep[0, 0, 2, 2] = True  # touches at a corner
    keep[1, :, 0, 0] = True
    found = plane_components(keep.reshape(3, -1), (2, 3, 3))
    assert found.count.tolist() == [2, 1, 0]
    assert found.largest.tolist() == [3, 1, 0]
    assert found.pixels.tolist() == [4, 1, 0]
    assert plane_components(keep.reshape(3, -1), (2, 3, 3), diagonal=True).count.tolist() == [1, 1, 0]
    with pytest.raises(TombolaError, match="do not fit"):
        plane_components(keep.reshape(3, -1), (1, 3, 3))


@given(arrays(bool, st.tuples(st.integers(1, 4), st.just(16))), st.booleans())
def test_patches_of_units_do_not_depend_on_each_other(keep: np.ndarray, diagonal: bool) -> None:
    together = plane_components(keep, (1, 4, 4), diagonal=diagonal)
    alone = [plane_components(row[None], (1, 4, 4), diagonal=diagonal) for row in keep]
    assert together.count.tolist() == [each.count[0] for each in alone]
    assert together.largest.tolist() == [each.largest[0] for each in alone]


def test_shapes_of_images() -> None:
    assert image_shape(784) == (1, 28, 28) == image_shape(784, (1, 1, 784))
    assert image_shape(3072) == (3, 32, 32) == image_shape(3072, (3, 32, 32))
    assert image_shape(20) is None
    assert image_shape(20, (1, 4, 5)) == (1, 4, 5)
