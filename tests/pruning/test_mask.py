"""The mask: exact counts, and bits that survive storage."""

import pickle
from copy import deepcopy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from tombola.errors import TombolaError
from tombola.networks import PrunableLayer, prunable_layers
from tombola.pruning import Mask, collapsed_layers

arrays = st_numpy.arrays(bool, st_numpy.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=7))
masks = st.dictionaries(st.text(min_size=1, max_size=6), arrays.map(torch.from_numpy), max_size=4).map(Mask)


def example():
    return Mask({"a": torch.tensor([[True, False], [True, True]]), "b": torch.zeros(3, dtype=torch.bool)})


def test_counts():
    mask = example()
    assert mask.remaining() == {"a": 3, "b": 0}
    assert mask.sizes() == {"a": 4, "b": 3}
    assert (mask.count, mask.size, mask.density) == (3, 7, 3 / 7)
    assert list(mask) == ["a", "b"]
    assert len(mask) == 2
    assert "a" in mask
    assert "c" not in mask


def test_dense_keeps_everything(module):
    mask = Mask.dense(prunable_layers(module))
    assert mask.density == 1.0
    assert mask.sizes() == {layer.name: layer.size for layer in prunable_layers(module)}
    assert Mask.dense([]).density == 1.0


def test_collapsed_layers_are_named():
    assert collapsed_layers(example()) == ("b",)


def test_a_mask_cannot_be_changed_through_what_it_is_made_from_or_hands_out():
    source = torch.ones(4, dtype=torch.bool)
    mask = Mask({"a": source})
    before = mask.digest()
    source[0] = False
    mask["a"][1] = False
    for _, tensor in mask.items():
        tensor.zero_()
    mask.remaining()["a"] = 0
    mask.pack()["a"].zero_()
    assert mask.digest() == before
    assert mask.remaining() == {"a": 4}
    with pytest.raises(TypeError):
        mask["a"] = source


def test_only_bool_makes_a_mask():
    with pytest.raises(TombolaError, match=r"'a' is of type torch.float32"):
        Mask({"a": torch.ones(3)})


def test_strided_sources_are_read_in_their_own_order():
    source = torch.tensor([[True, False, False], [True, True, False]])
    mask = Mask({"a": source.T})
    assert mask["a"].is_contiguous()
    assert torch.equal(mask["a"], source.T)
    assert mask == Mask({"a": source.T.contiguous()})
    assert mask.digest() == Mask({"a": source.T.contiguous()}).digest()


def test_known_bits():
    """``numpy.packbits``: most significant first, zero-padded."""
    mask = Mask({"a": torch.tensor([[True, False, True], [True, False, False], [False, True, True]])})
    assert mask.pack()["a"].tolist() == [0b10110001, 0b10000000]


@given(masks)
def test_packing_and_unpacking_gives_the_same_mask(mask):
    packed = mask.pack()
    assert all(
        bits.dtype == torch.uint8 and bits.shape == (-(-mask.sizes()[name] // 8),) for name, bits in packed.items()
    )
    again = Mask.unpack(packed, {name: list(shape) for name, shape in mask.shapes().items()})
    assert again == mask
    assert list(again) == list(mask)
    assert again.remaining() == mask.remaining()
    assert again.digest() == mask.digest()


@given(masks)
def test_masks_survive_pickling_and_copying(mask):
    """Workers receive masks from other processes."""
    assert pickle.loads(pickle.dumps(mask)) == mask
    assert deepcopy(mask) == mask


@given(masks, st.data())
def test_one_bit_makes_another_mask(mask, data):
    names = [name for name, size in mask.sizes().items() if size]
    if not names:
        return
    name = data.draw(st.sampled_from(names))
    position = data.draw(st.integers(0, mask.sizes()[name] - 1))
    keep = dict(mask)
    keep[name].view(-1)[position] ^= True
    other = Mask(keep)
    assert other != mask
    assert other.digest() != mask.digest()
    assert abs(other.count - mask.count) == 1
    smaller, larger = sorted((mask, other), key=lambda m: m.count)
    assert smaller.is_within(larger)
    assert not larger.is_within(smaller)


@given(masks)
def test_order_of_layers_does_not_matter(mask):
    turned = Mask(dict(reversed(list(mask.items()))))
    assert turned == mask
    assert turned.digest() == mask.digest()
    assert turned.is_within(mask)


def test_names_and_shapes_are_part_of_a_mask():
    ones = torch.ones(4, dtype=torch.bool)
    different = [Mask({"a": ones}), Mask({"b": ones}), Mask({"a": ones.view(2, 2)}), Mask({"a": ones, "b": ones})]
    for i, first in enumerate(different):
        for j, second in enumerate(different):
            assert (first == second) == (first.digest() == second.digest()) == first.is_within(second) == (i == j)
    assert Mask({"a": ones}) != {"a": ones}
    with pytest.raises(TypeError):
        hash(different[0])


@pytest.mark.parametrize(
    "packed",
    [
        {"a": torch.zeros(1, dtype=torch.uint8)},
        {"a": torch.zeros(3, dtype=torch.uint8)},
        {"a": torch.zeros(2, dtype=torch.int64)},
        {"a": torch.tensor([0, 1], dtype=torch.uint8)},
        {"b": torch.zeros(2, dtype=torch.uint8)},
        {},
    ],
    ids=["short", "long", "type", "padding", "name", "missing"],
)
def test_damaged_bits_are_refused(packed):
    with pytest.raises(TombolaError, match="mask"):
        Mask.unpack(packed, {"a": (3, 3)})


def test_a_mask_describes_itself():
    assert (
        repr(Mask.dense([PrunableLayer("a", "conv", (4, 300))]))
        == "Mask(density 1.0000: 1,200 of 1,200 weights in 1 layers)"
    )
