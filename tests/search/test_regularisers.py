import pytest
import torch

from tombola.search.regularisers import regularisers
from tombola.specs.search import SearchSpec

SPEC = SearchSpec(alpha=1.5, alpha_prime=2.0)


@pytest.mark.parametrize("name", regularisers)
def test_slopes_are_derivatives_of_values(name: str) -> None:
    scores = torch.linspace(0.01, 0.99, 50, dtype=torch.float64, requires_grad=True)
    weights = torch.linspace(-2, 2, 50, dtype=torch.float64)
    value = regularisers[name].value(scores, weights, SPEC).sum()
    slope = torch.autograd.grad(value, scores, allow_unused=True)[0] if value.requires_grad else None
    expected = torch.zeros(50, dtype=torch.float64) if slope is None else slope
    assert torch.allclose(regularisers[name].slope(scores.detach(), weights, SPEC), expected)


@pytest.mark.parametrize("name", regularisers)
def test_finite_at_the_ends(name: str) -> None:
    ends, weights = torch.tensor([0.0, 1.0]), torch.ones(2)
    for part in regularisers[name]:
        assert torch.isfinite(part(ends, weights, SPEC)).all()


def test_known_values() -> None:
    # sparse_analysis 4.1
    scores, weights = torch.tensor([0.25]), torch.tensor([2.0])
    values = {name: round(float(regularisers[name].value(scores, weights, SPEC)), 6) for name in regularisers}
    assert values == {
        "none": 0.0,
        "l1": 0.25,
        "l2": 0.0625,
        "l1-l2": 0.3125,
        "power": round(0.25**1.5 * 0.75**2, 6),
        "weighted": 0.75,
        "entropy": 0.562335,
    }
