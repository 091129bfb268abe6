"""Moving a mask: exact counts, the weakest go, the strongest candidates grow."""

from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tombola.errors import TombolaError
from tombola.pruning import Mask
from tombola.pruning.regrow import drop_and_grow


def test_by_hand() -> None:
    """Survivors .1 -.2 3 4; half of them go: .1 and -.2. Growth is highest at the dropped .1 and at the last weight."""
    mask = Mask({"w": torch.tensor([[True, True, True], [True, False, False]])})
    weights = {"w": torch.tensor([[0.1, -0.2, 3.0], [4.0, 0.0, 0.0]])}
    growth = {"w": torch.tensor([[9.0, 1.0, 99.0], [99.0, 2.0, 5.0]])}
    moved = drop_and_grow(mask, weights, growth, Fraction(1, 2))
    assert moved.mask["w"].tolist() == [[True, False, True], [True, False, True]]
    assert moved.grown["w"].tolist() == [[True, False, False], [False, False, True]]


@given(
    size=st.integers(1, 40),
    share=st.floats(0, 1),
    fraction=st.fractions(0, 1),
    seed=st.integers(0, 99),
    tied=st.booleans(),
)
def test_counts_stay_and_only_the_weakest_go(
    size: int, share: float, fraction: Fraction, seed: int, tied: bool
) -> None:
    generator = torch.Generator().manual_seed(seed)
    keep = torch.rand(size, generator=generator) < share
    weight, growth = torch.randn(2, size, generator=generator)
    if tied:
        weight, growth = weight.sign(), growth.sign()
    moved = drop_and_grow(Mask({"w": keep}), {"w": weight.where(keep, 0.0)}, {"w": growth}, fraction)
    after, grown = moved.mask["w"], moved.grown["w"]
    count = min(int(int(keep.sum()) * fraction), int((~keep).sum()))
    assert after.sum() == keep.sum()
    assert grown.sum() == count
    assert not (grown & ~after).any()
    stays, dropped = after & ~grown, keep & ~(after & ~grown)
    assert dropped.sum() == count
    if count and stays.any():
        assert weight[dropped].abs().max() <= weight[stays].abs().min()
    left = ~after
    if count and left.any():
        assert growth[grown].min() >= growth[left].max()


def test_growth_that_is_not_finite_is_refused() -> None:
    mask = Mask({"w": torch.tensor([True, True, False])})
    with pytest.raises(TombolaError, match="infinite or NaN"):
        drop_and_grow(mask, {"w": torch.ones(3)}, {"w": torch.full((3,), torch.nan)}, Fraction(1, 2))
