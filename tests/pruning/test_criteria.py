"""Zhou's mask criteria against numbers worked out by hand (the table in `tombola.pruning.criteria`)."""

from copy import deepcopy

import pytest
import torch

from tombola.networks import PrunableLayer, capture
from tombola.pruning import Mask, ScoreContext, prune, prune_round, score_weights
from tombola.specs import PruneSpec

LAYER = PrunableLayer("w", "linear", (1, 6))
INITIAL = torch.tensor([[1.0, -2.0, 0.5, -0.25, 1.0, -1.25]])
FINAL = torch.tensor([[3.0, -1.0, -0.5, -2.25, 1.0, 4.25]])
# sum of initial magnitudes 6, of final ones 12: a = 1/2

BY_HAND = {
    "magnitude": [3.0, 1.0, 0.5, 2.25, 1.0, 4.25],
    "small-final": [-3.0, -1.0, -0.5, -2.25, -1.0, -4.25],
    "large-init": [1.0, 2.0, 0.5, 0.25, 1.0, 1.25],
    "small-init": [-1.0, -2.0, -0.5, -0.25, -1.0, -1.25],
    "both-large": [1.0, 0.5, 0.25, 0.25, 0.5, 1.25],
    "both-small": [-1.5, -2.0, -0.5, -1.125, -1.0, -2.125],
    "magnitude-increase": [2.0, -1.0, 0.0, 2.0, 0.0, 3.0],
    "movement": [2.0, 1.0, 1.0, 2.0, 0.0, 5.5],
    "final-minus-initial": [2.0, 1.0, -1.0, -2.0, 0.0, 5.5],
}


def context(initial=INITIAL, final=FINAL, mask=None, layer=LAYER):
    keep = Mask.dense([layer]) if mask is None else mask
    return ScoreContext((layer,), keep, {"w": final}, {"w": initial}, torch.Generator().manual_seed(0))


@pytest.mark.parametrize("score", BY_HAND)
def test_numbers_by_hand(score):
    assert score_weights(score, context())["w"].tolist() == [BY_HAND[score]]


@pytest.mark.parametrize(
    ("score", "gone"),
    [
        ("small-final", [0, 5]),
        ("large-init", [2, 3]),
        ("small-init", [1, 5]),
        ("both-large", [2, 3]),
        ("both-small", [1, 5]),
        ("magnitude-increase", [1, 2]),  # of the tie at 0 the lower index goes
        ("movement", [1, 4]),
        ("final-minus-initial", [2, 3]),
    ],
)
def test_the_lowest_go(score, gone):
    mask = prune_round(context(), PruneSpec(score=score, linear_rate=0.3))
    assert (~mask["w"][0]).nonzero().squeeze(1).tolist() == gone


@pytest.mark.parametrize("score", ["both-large", "both-small"])
def test_scales_are_compared_over_survivors_only(score):
    """What was pruned earlier keeps its initial magnitude and has no final one."""
    keep = torch.tensor([[True, True, True, True, True, False]])
    final = FINAL.masked_fill(~keep, 0.0)
    found = score_weights(score, context(final=final, mask=Mask({"w": keep})))["w"][0]
    factor = 4.75 / 7.75
    pairs = zip(INITIAL[0].abs().tolist()[:5], FINAL[0].abs().tolist()[:5], strict=True)
    wanted = [min(factor * f, i) if score == "both-large" else -max(factor * f, i) for i, f in pairs]
    assert found[:5].tolist() == pytest.approx(wanted)


@pytest.mark.parametrize("score", BY_HAND)
@pytest.mark.parametrize(("initial", "final"), [(0.0, 1.0), (1.0, 0.0), (0.0, 0.0)])
def test_layers_of_zeros_have_finite_scores(score, initial, final):
    found = score_weights(score, context(torch.full((1, 6), initial), torch.full((1, 6), final)))["w"]
    assert bool(found.isfinite().all())


def test_layers_are_compared_as_they_are_under_global_allocation():
    layers = (PrunableLayer("a", "linear", (1, 2)), PrunableLayer("b", "output", (1, 2)))
    initial = {"a": torch.tensor([[1.0, 1.0]]), "b": torch.tensor([[1.0, 1.0]])}
    final = {"a": torch.tensor([[1.5, 2.0]]), "b": torch.tensor([[9.0, 1.1]])}
    scoring = ScoreContext(layers, Mask.dense(layers), final, initial, torch.Generator())
    mask = prune_round(scoring, PruneSpec(score="movement", allocation="global", rate=0.5))
    assert [mask["a"].tolist(), mask["b"].tolist()] == [[[False, True]], [[True, False]]]


def test_a_module_is_pruned_by_what_training_changed(module):
    before = capture(module)
    trained = deepcopy(module)
    with torch.no_grad():
        trained.output.weight[0] += 5
    mask = prune(trained, score="movement", density=0.02, initial=before)
    assert mask["output.weight"][0].all()
    assert mask.count == 30
