"""Maps are handed over and back without a bit lost, whatever their size and layout."""

import numpy as np
import pytest

from tombola.training.sparse import fields as at
from tombola.training.sparse.arena import NO_HALO, Arena, Halo, View, feature_view, image_view
from tombola.training.sparse.operations import Operations
from tombola.training.sparse.run import run
from tombola.training.sparse.turn import INWARD, OUTWARD

NOTHING = (np.zeros(1, np.uint8), np.zeros(1, np.int64), np.zeros(1, np.int64), 1, np.zeros(0), 0, np.zeros(2))


@pytest.mark.parametrize("groups", [1, 3])
@pytest.mark.parametrize("layout", ["features", "images", "halo"])
@pytest.mark.parametrize("shape", [(16, 2, 2), (5, 3, 2), (1, 1, 7), (3, 1, 1), (2, 4, 2), (17, 1, 1)])
def test_there_and_back(shape: tuple[int, int, int], layout: str, groups: int) -> None:
    arena, size = Arena(), int(np.prod(shape))
    rows, again = (arena.reserve(groups * 16 * size) for _ in range(2))
    if layout == "features":
        view = feature_view(arena, shape, groups)
    else:
        view = image_view(arena, shape, groups, Halo(1, 2, 0, 1) if layout == "halo" else NO_HALO)
    channel, y, x = np.indices(shape)
    places = channel * view.channel + y * view.y + x * view.x
    table = arena.table(np.ascontiguousarray(places.transpose(1, 2, 0)))
    operations = Operations()
    for place, direction in ((rows, INWARD), (again, OUTWARD)):
        source = View(place, 16 * size, 0, 0, 0)
        operations.add(at.TURN, source=source, target=view, groups=groups, count=size, offsets=table, size=direction)
    floats = arena.floats()
    given = np.random.default_rng(0).standard_normal((groups * 16, *shape[1:], shape[0])).astype(np.float32)
    floats[rows : rows + given.size] = given.ravel()
    run(*operations.tables(), floats, arena.integers(), *NOTHING)
    for sample in range(groups * 16):
        begin = view.base + sample // 16 * view.group + sample % 16
        np.testing.assert_array_equal(floats[begin + places], given[sample].transpose(2, 0, 1))
    np.testing.assert_array_equal(floats[again : again + given.size], given.ravel())
    # nothing is written beside the map: a halo stays zero
    held = view.base + np.arange(groups)[:, None, None, None, None] * view.group + places[..., None] + np.arange(16)
    assert np.count_nonzero(floats) == np.count_nonzero(floats[held]) + 2 * np.count_nonzero(given)
