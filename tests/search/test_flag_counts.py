from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tombola.search.flag_counts import exact_counts, prune_steps, published_counts

FC = {0.02: 2387, 0.05: 5968, 0.1: 11938, 0.2: 23877, 0.5: 59695}
RESNET = {0.02: 5363, 0.05: 13412, 0.1: 26828, 0.2: 53660, 0.5: 134157}


@pytest.mark.parametrize("density", FC)
def test_published_counts(density: float) -> None:
    # sparse_analysis 4.1
    assert published_counts(119_400, density, 12)[-1] == FC[density]
    assert published_counts(268_336, density, 29)[-1] == RESNET[density]


def test_the_published_sequence_begins_as_printed() -> None:
    # sparse_analysis 4.1
    assert published_counts(119_400, 0.02, 12)[:4] == [119_400, 86_183, 62_207, 44_901]


@pytest.mark.parametrize(("epochs", "period", "prunings"), [(25, 2, 12), (150, 5, 29), (1, 2, 0), (3, 2, 1), (2, 2, 0)])
def test_prunings_per_search(epochs: int, period: int, prunings: int) -> None:
    # sparse_analysis 4.1: after every epoch e > 0 with e mod T == 0, floor((E - 1) / T) of them
    steps = prune_steps(epochs * 429, 429, period * 429)
    assert len(steps) == prunings == (epochs - 1) // period
    assert [step // 429 - 1 for step in steps] == [e for e in range(1, epochs) if e % period == 0]


def test_no_period_no_pruning() -> None:
    assert prune_steps(100, 10, 0) == []


@given(st.integers(1, 10**6), st.data(), st.integers(0, 40))
def test_exact_counts_fall_to_the_target(size: int, data: st.DataObject, prunings: int) -> None:
    keep = data.draw(st.integers(1, size))
    counts = exact_counts(size, keep, prunings)
    assert len(counts) == prunings + 1
    assert counts[0] == size
    assert all(after <= before for before, after in pairwise(counts))
    assert not prunings or counts[-1] == keep
    published = published_counts(size, keep / size, prunings)
    assert all(0 <= ours - theirs <= prunings + 1 for ours, theirs in zip(counts, published, strict=True))
