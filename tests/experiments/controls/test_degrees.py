"""The shuffle that keeps degrees: what stays, that it moves, and that it mixes."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tombola.experiments.controls.degrees import rewired


def degrees(keep: torch.Tensor) -> tuple[list[int], list[int]]:
    flat = keep.reshape(*keep.shape[:2], -1)
    return flat.sum((1, 2)).tolist(), flat.sum((0, 2)).tolist()


def random_mask(shape: tuple[int, ...], density: float, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < density


@given(
    st.one_of(
        st.tuples(st.integers(1, 6), st.integers(1, 6)),
        st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3)),
    ),
    st.floats(0, 1),
    st.integers(0, 99),
)
def test_every_unit_keeps_its_degrees(shape: tuple[int, ...], density: float, seed: int) -> None:
    keep = random_mask(shape, density, seed)
    before = keep.clone()
    moved = rewired(keep, torch.Generator().manual_seed(seed))
    assert torch.equal(keep, before)
    assert degrees(moved) == degrees(keep)
    assert (moved.shape, moved.dtype) == (keep.shape, torch.bool)


@pytest.mark.parametrize("shape", [(30, 50), (2, 3), (8, 4, 3, 3), (4, 1, 3, 3)])
def test_it_moves(shape: tuple[int, ...]) -> None:
    keep = torch.tensor([[True, True, False], [False, False, True]]) if shape == (2, 3) else random_mask(shape, 0.3)
    moved = [rewired(keep, torch.Generator().manual_seed(seed)) for seed in range(3)]
    assert all(not torch.equal(keep, other) for other in moved)
    assert not torch.equal(moved[0], moved[1])
    assert torch.equal(moved[0], rewired(keep, torch.Generator().manual_seed(0)))


def test_positions_within_kernels_are_free() -> None:
    keep = torch.zeros(16, 4, 3, 3, dtype=torch.bool)
    keep[..., 1, 1] = True
    moved = rewired(keep, torch.Generator().manual_seed(0))
    assert degrees(moved) == degrees(keep)
    assert (moved.sum((0, 1)) > 0).sum() > 5


def test_no_other_mask_is_survived() -> None:
    keep = torch.tensor([[True, True, True], [True, False, False], [True, False, False]])
    assert torch.equal(rewired(keep, torch.Generator().manual_seed(0)), keep)


def test_all_masks_of_the_degrees_are_about_equally_likely() -> None:
    # permutation matrices of size 3: six of them, the identity among them only where chance gave nothing else
    start = torch.eye(3, dtype=torch.bool)
    found: Counter[str] = Counter()
    for seed in range(600):
        moved = rewired(start, torch.Generator().manual_seed(seed))
        found[str(moved.int().argmax(1).tolist())] += 1
    assert len(found) == 5
    assert all(80 < count < 160 for count in found.values()), found


def test_half_of_the_places_change_in_a_large_layer() -> None:
    keep = random_mask((100, 200), 0.5)
    moved = rewired(keep, torch.Generator().manual_seed(0))
    assert 0.45 < float((moved != keep).float().mean()) < 0.55


def test_the_control_keeps_degrees_of_a_ticket(finish: Callable[..., Any]) -> None:
    tickets = finish()
    old, new = tickets.run.ticket(0, 2).mask, tickets.trial("shuffle-degrees").ticket.mask
    assert all(degrees(old[name]) == degrees(new[name]) for name in old)
