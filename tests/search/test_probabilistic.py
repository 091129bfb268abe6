from collections.abc import Callable

import pytest
import torch

from tombola.networks import capture
from tombola.search import SearchTask, searches
from tombola.search.arena import Arena
from tombola.search.probabilistic import Normalised, Supermask
from tombola.search.rescaling import WEIGHTS, as_searched

MakeTask = Callable[..., SearchTask]


def test_masks_are_drawn_with_the_logistic_probabilities(make_task: MakeTask) -> None:
    # field 2.2: Bernoulli(sigmoid(score))
    task = make_task()
    arena = Arena(task.module, task.layers)
    method = Supermask(task, arena)
    drawn = torch.zeros_like(arena.mask)
    for step in range(400):
        method.choose(step)
        drawn += arena.mask
    chance = torch.sigmoid(arena.scores.detach())
    assert ((drawn / 400 - chance).abs() < 5 * (chance * (1 - chance) / 400).sqrt() + 1e-3).all()


def test_gradients_pass_the_draw_and_take_the_logistic_slope(make_task: MakeTask) -> None:
    task = make_task()
    arena = Arena(task.module, task.layers)
    method = Supermask(task, arena)
    scores = arena.scores.detach().clone().requires_grad_()
    torch.sigmoid(scores).sum().backward()
    assert torch.allclose(method.slope(torch.ones_like(arena.weights)), scores.grad)


def test_normalised_probabilities(make_task: MakeTask) -> None:
    # sparse_analysis 4.3: min-max, clamp(10 s)
    task = make_task()
    arena = Arena(task.module, task.layers)
    chance = arena.split(Normalised(task, arena).probabilities())
    for name, scores in arena.split(arena.scores.detach()).items():
        spread = (scores - scores.min()) / (scores.max() - scores.min())
        assert torch.allclose(chance[name], (10 * spread).clamp(max=1), atol=1e-5)


@pytest.mark.parametrize("rounding", ["threshold", "probabilistic"])
def test_other_roundings_hand_over_what_comes_out(make_task: MakeTask, rounding: str) -> None:
    result = searches["probabilistic"](make_task(keep=0.1, rounding=rounding, lr=10.0))
    assert 0.3 < result.mask.density < 0.7
    assert "asked for" in result.found["alarm"]
    if rounding == "threshold":
        for name, keep in result.mask.items():
            assert torch.equal(keep, result.scores[name] > 0)


def test_signed_constants(make_task: MakeTask) -> None:
    # field 2.2: plus or minus the standard deviation of the layer's initial weights
    task = make_task("norm", signed_constant=True)
    before = capture(task.module)
    result = searches["probabilistic"](task)
    for name in result.mask:
        expected = before[name].std(correction=0) * before[name].sign()
        assert torch.equal(result.state[name], expected)
    assert result.weights == {"constant": list(result.mask)}
    assert torch.equal(as_searched(before, {WEIGHTS: result.weights})[name], result.state[name])


def test_dynamic_scale_is_that_of_the_mask(make_task: MakeTask) -> None:
    # field 2.2: size over survivors
    task = make_task(dynamic_scale=True)
    before = capture(task.module)
    arena = Arena(task.module, task.layers)
    method = Supermask(task, arena)
    method.choose(0)
    scale = method.scale()
    assert scale is not None
    for part, mask in zip(arena.split(scale).values(), arena.split(arena.mask).values(), strict=True):
        assert torch.allclose(part, mask.numel() / mask.sum())
    result = searches["probabilistic"](task)
    for name, count in result.mask.remaining().items():
        assert torch.allclose(result.state[name], before[name] * (before[name].numel() / count), rtol=1e-6)


def test_keeping_everything_is_no_rounding(make_task: MakeTask) -> None:
    reason = searches["probabilistic"].why_not(make_task(rounding="all-ones", period="2ep").search)
    assert reason is not None
    assert "all-ones" in reason


def test_learning(make_task: MakeTask) -> None:
    # rates of about 100, as published: gradients of single scores are tiny
    result = searches["probabilistic"](make_task(keep=0.5, length="30ep", lr=50.0))
    assert result.rows[-1]["val_accuracy"] > 0.7 > 0.3 > result.rows[0]["val_accuracy"]
