import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tombola.training.sparse.structure import CACHE, FEWEST, arrange


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 12),
    sources=st.integers(1, 60),
    density=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    bytes_each=st.sampled_from([64, 1024, CACHE]),
    seed=st.integers(0, 9),
)
def test_every_survivor_comes_once_in_its_row(
    rows: int, sources: int, density: float, bytes_each: int, seed: int
) -> None:
    keep = np.random.default_rng(seed).random((rows, sources)) < density
    row, feature = np.nonzero(keep)
    made = arrange(row, feature, feature * 16, rows, sources, bytes_each)
    assert sorted(made.order) == list(range(len(row)))
    np.testing.assert_array_equal(made.offsets, 16 * feature[made.order])
    assert made.pointer[0] == 0
    assert made.pointer[-1] == len(row)
    assert len(made.pointer) == made.blocks * rows + 1
    highest = -1
    for block in range(made.blocks):
        seen = []
        for number in range(rows):
            begin, end = made.pointer[block * rows + number :][:2]
            chosen = made.order[begin:end]
            assert (row[chosen] == number).all()
            assert (np.diff(made.offsets[begin:end]) > 0).all()
            seen += list(feature[chosen])
        assert all(source > highest for source in seen)
        highest = max([highest, *seen])


def test_blocks_fit_the_cache_and_are_worth_it() -> None:
    row, feature = np.nonzero(np.ones((4, 96), bool))
    assert arrange(row, feature, feature, 4, 96, CACHE // 96).blocks == 1
    assert arrange(row, feature, feature, 4, 96, CACHE // 24).blocks == 4
    # no more than leave every row FEWEST survivors per block on average
    assert arrange(row, feature, feature, 4, 96, CACHE).blocks == 96 // FEWEST
    few = feature % 48 == 0
    assert arrange(row[few], feature[few], feature[few], 4, 96, CACHE).blocks == 1
