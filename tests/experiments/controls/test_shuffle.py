import torch
from hypothesis import given
from hypothesis import strategies as st

from tombola.experiments.controls.shuffle import reordering, shuffled
from tombola.pruning import Mask

LAYERS = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, 5), st.integers(0, 25)).map(
        lambda layer: (layer[0], layer[1], min(layer[2], layer[0] * layer[1]))
    ),
    min_size=1,
    max_size=4,
)
"""Rows, columns, survivors: full, empty, single-weight and zero-size layers included."""


def mask_of(layers: list[tuple[int, int, int]], seed: int, held: bool = False) -> Mask:
    generator = torch.Generator().manual_seed(seed)
    keep = {}
    for number, (rows, columns, survivors) in enumerate(layers):
        flat = torch.zeros(rows * columns, dtype=torch.bool)
        flat[torch.randperm(len(flat), generator=generator)[:survivors]] = True
        keep[f"{number}.weight"] = flat.view(rows, columns)
    values = {name: torch.arange(int((~tensor).sum()), dtype=torch.float32) for name, tensor in keep.items()}
    return Mask(keep, values if held else None)


def groups_of(mask: Mask, whole: bool) -> list[list[str]]:
    return [list(mask)] if whole else [[name] for name in mask]


@given(layers=LAYERS, seed=st.integers(0, 99), whole=st.booleans(), held=st.booleans())
def test_counts_stay_and_whatever_can_move_moves(
    layers: list[tuple[int, int, int]], seed: int, whole: bool, held: bool
) -> None:
    old = mask_of(layers, seed, held)
    groups = groups_of(old, whole)
    new = shuffled(old, groups, torch.Generator().manual_seed(seed))
    assert list(new) == list(old)
    assert new.shapes() == old.shapes()
    for names in groups:
        counts, sizes = (sum(part[name] for name in names) for part in (old.remaining(), old.sizes()))
        assert sum(new.remaining()[name] for name in names) == counts
        moved = any(not torch.equal(old[name], new[name]) for name in names)
        assert moved == (0 < counts < sizes)
        for mask in (old, new):
            values = torch.cat([mask.held.get(name, torch.zeros(0)) for name in names])
            assert sorted(values[values != 0].tolist()) == sorted(
                float(value) for name in names for value in range(1, old.sizes()[name] - old.remaining()[name]) if held
            )


@given(layers=LAYERS, seed=st.integers(0, 99), whole=st.booleans())
def test_equal_generators_give_equal_masks(layers: list[tuple[int, int, int]], seed: int, whole: bool) -> None:
    mask = mask_of(layers, seed)
    groups = groups_of(mask, whole)
    one, two = (shuffled(mask, groups, torch.Generator().manual_seed(seed)) for _ in range(2))
    assert one == two


def test_every_other_mask_is_about_equally_likely() -> None:
    mask = Mask({"weight": torch.tensor([True, True, False, False])})
    seen: dict[tuple[bool, ...], int] = {}
    generator = torch.Generator().manual_seed(0)
    for _ in range(1000):
        new = tuple(shuffled(mask, [["weight"]], generator)["weight"].tolist())
        seen[new] = seen.get(new, 0) + 1
    assert len(seen) == 5
    assert all(140 < count < 260 for count in seen.values()), seen


def test_a_global_shuffle_spreads_survivors_evenly() -> None:
    keep = {"small.weight": torch.zeros(50, 20, dtype=torch.bool), "large.weight": torch.ones(50, 60, dtype=torch.bool)}
    new = shuffled(Mask(keep), [list(keep)], torch.Generator().manual_seed(1))
    assert new.count == 3000
    assert abs(new.remaining()["small.weight"] / 1000 - 0.75) < 0.05


@given(values=st.lists(st.integers(0, 3), max_size=8), seed=st.integers(0, 99))
def test_a_reordering_permutes_and_differs_unless_all_are_equal(values: list[int], seed: int) -> None:
    tensor = torch.tensor(values)
    order = reordering(tensor, torch.Generator().manual_seed(seed))
    assert sorted(order.tolist()) == list(range(len(values)))
    assert torch.equal(tensor[order], tensor) == (len(set(values)) <= 1)
