import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from tombola.pruning.ranking import lowest
from tombola.search.top import LayerTop, Top, _on_device


def marks(values: torch.Tensor, count: int) -> torch.Tensor:
    """What pruning would keep."""
    return (~lowest(values, len(values) - count)).float()


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0, -1.0]), min_size=1, max_size=60), st.data())
def test_exactly_as_many_and_ties_as_in_pruning(numbers: list[float], data: st.DataObject) -> None:
    values = torch.tensor(numbers)
    top = Top()
    for _ in range(3):
        count = data.draw(st.integers(0, len(numbers)))
        out = top(values, count, torch.empty_like(values))
        assert torch.equal(out, marks(values, count))
        if 0 < count < len(numbers):
            assert torch.equal(_on_device(values, count, torch.empty_like(values)), out)


def test_the_bracket_never_changes_the_result() -> None:
    generator = torch.Generator().manual_seed(0)
    values, top = torch.rand(5000, generator=generator), Top()
    quick = 0
    for step in range(60):
        # mostly small moves, now and then a jump, a stretch of ties, another count
        values.add_(torch.randn(5000, generator=generator), alpha=1.0 if step % 20 == 19 else 1e-4).clamp_(0, 1)
        count = 500 if step < 40 else 4321
        quick += top._bracketed(values.numpy(), count) is not None
        assert torch.equal(top(values, count, torch.empty(5000)), marks(values, count))
    assert quick > 30, "most steps of a search take the quick way"


def test_minus_infinity_marks_what_cannot_be_chosen() -> None:
    values = torch.full((1000,), -torch.inf)
    values[::10] = torch.linspace(0, 1, 100)
    top = Top()
    for count in (100, 40, 100, 41):
        assert torch.equal(top(values, count, torch.empty(1000)), marks(values.clamp_min(-9), count))


def test_layers_have_counts_of_their_own() -> None:
    values = torch.from_numpy(np.random.default_rng(0).random(30, dtype=np.float32))
    out = LayerTop([10, 20])(values, [3, 0], torch.ones(30))
    assert torch.equal(out, torch.cat([marks(values[:10], 3), torch.zeros(20)]))
