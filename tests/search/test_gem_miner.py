"""Gem-Miner: balanced searches end at their target, published ones as published; prunings, roundings, ties."""

from collections.abc import Callable

import pytest
import torch

from tombola.errors import TombolaError
from tombola.pruning import Mask
from tombola.search import SearchResult, SearchTask, searches
from tombola.search.arena import Arena
from tombola.search.flag_counts import exact_counts, published_counts
from tombola.search.gem_miner import GemMiner
from tombola.specs.search import SearchSpec

MakeTask = Callable[..., SearchTask]
LONG = {"length": "9ep", "period": "1ep", "lr": 1.0}
PUBLISHED = {"balance": False, "rounding": "threshold", "prune_type": "bottom-k-published"}


def found(task: SearchTask) -> SearchResult:
    return searches["gem-miner"](task)


@pytest.mark.parametrize("keep", [0.02, 0.05, 0.1, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("decay", [0.0, 5e-3])
def test_a_balanced_search_ends_at_its_target_before_any_rounding(
    make_task: MakeTask, keep: float, decay: float
) -> None:
    task = make_task(keep=keep, weight_decay=decay, strength=decay, **LONG)
    result = found(task)
    assert result.found["effective_density"] == result.mask.density == task.target
    assert "alarm" not in result.found
    assert sum(result.flagged.values()) == task.keep
    counts = exact_counts(task.size, task.keep, 8)
    begun = result.rows[0]["effective_density"]
    for number, row in enumerate(result.rows):
        # the rows of epochs 1 and 2 come before the first pruning, which is that of epoch index 1
        pruned = max(0, number - 2)
        assert row["flagged_density"] == counts[min(pruned, 8)] / task.size
        on = min(counts[min(pruned + 1, 8)], max(task.keep, round(begun * task.size)))
        assert row["effective_density"] * task.size == pytest.approx(on)


def test_pressure_is_on_only_while_more_than_scheduled_exceed_one_half(make_task: MakeTask) -> None:
    task = make_task(weight_decay=5e-4)
    arena = Arena(task.module, task.layers)
    method = GemMiner(task, arena)
    gradient = torch.zeros_like(arena.weights)
    with torch.no_grad():
        for level, pressed in ((0.6, True), (0.4, False)):
            arena.scores.fill_(level)
            method.choose(0)
            assert int(arena.mask.sum()) == method.scheduled
            assert (method.weight_decay() > 0) == pressed
            assert bool(method.slope(gradient.clone()).any()) == pressed


def test_as_published_scores_decay_below_one_half_and_an_alarm_says_so(make_task: MakeTask) -> None:
    # sparse_analysis 1 and 4.1: the label is that of the flags
    task = make_task(keep=0.5, weight_decay=3e-3, **LONG, **PUBLISHED | {"prune_type": "bottom-k"})
    result = found(task)
    assert result.mask.density < 0.25 < 0.45 < result.found["nominal_density"] <= 0.5
    assert result.found["effective_density"] == result.mask.density
    assert f"{result.mask.density:.4%}" in result.found["alarm"]
    assert "50.0" in result.found["alarm"]


def test_the_alarm_also_tells_of_a_rounding_that_made_up_the_difference(make_task: MakeTask) -> None:
    task = make_task(keep=0.5, weight_decay=3e-3, balance=False, **LONG)
    result = found(task)
    assert result.mask.count == task.keep
    assert result.found["effective_density"] < 0.25
    assert "rounding" in result.found["alarm"]


def test_published_flags_follow_the_published_recurrence(make_task: MakeTask) -> None:
    task = make_task(keep=0.1, length="9ep", lr=1e-6, rounding="all-ones", balance=False, strength=0)
    result = found(task)
    assert result.mask.count == published_counts(task.size, task.target, 8)[-1]


def test_a_search_that_collapses_is_pruned_to_its_target_and_ends(make_task: MakeTask) -> None:
    # sparse_analysis 4.1
    task = make_task(keep=0.2, weight_decay=1.0, balance=False, **LONG)
    result = found(task)
    assert result.found["steps"] < task.steps
    assert result.rows[-1]["effective_density"] == 0
    assert result.mask.count == task.keep
    with pytest.raises(TombolaError, match="without a single weight"):
        found(make_task(keep=0.2, weight_decay=1.0, balance=False, rounding="threshold", **LONG))


@pytest.mark.parametrize("kind", ["bottom-k", "local-bottom-k", "threshold"])
def test_prune_types_end_at_the_target(make_task: MakeTask, kind: str) -> None:
    task = make_task(keep=0.25, prune_type=kind, **LONG)
    result = found(task)
    assert result.mask.count == task.keep
    shares = [
        count / size for count, size in zip(result.mask.remaining().values(), result.mask.sizes().values(), strict=True)
    ]
    assert (max(shares) - min(shares) < 0.01) == (kind == "local-bottom-k")


def test_pruned_candidates_never_come_back(make_task: MakeTask) -> None:
    for kind in ("bottom-k", "local-bottom-k", "threshold", "bottom-k-published"):
        task = make_task(prune_type=kind, length="9ep", rounding="all-ones")
        arena = Arena(task.module, task.layers)
        method = GemMiner(task, arena)
        before = arena.as_mask(arena.flags)
        for step in method.prune_steps():
            with torch.no_grad():
                arena.scores.copy_(torch.rand(task.size, generator=torch.Generator().manual_seed(step)))
            method.prune(step)
            method.choose(step)
            after = arena.as_mask(arena.flags)
            assert after.is_within(before)
            assert arena.as_mask(arena.mask).is_within(after)
            before = after
        assert before.count < task.size / 2


def test_published_ties_die_together_and_exact_ones_do_not(make_task: MakeTask) -> None:
    # sparse_analysis 4.1: exact zeros tie at 50 %
    left = {}
    for kind in ("bottom-k", "bottom-k-published"):
        task = make_task(prune_type=kind, keep=0.5, length="3ep", rounding="all-ones")
        arena = Arena(task.module, task.layers)
        method = GemMiner(task, arena)
        with torch.no_grad():
            arena.scores.copy_(torch.arange(task.size) % 3 / 2)
        method.prune(0)
        left[kind] = int(arena.flags.sum())
        assert left[kind] == method.counts[1] or kind == "bottom-k-published"
    assert left["bottom-k-published"] == int((torch.arange(task.size) % 3 > 0).sum()) < left["bottom-k"]


@pytest.mark.parametrize("rounding", ["exact", "threshold", "probabilistic", "all-ones"])
def test_roundings(make_task: MakeTask, rounding: str) -> None:
    task = make_task(keep=0.3, rounding=rounding)
    arena = Arena(task.module, task.layers)
    method = GemMiner(task, arena)
    method.prune(0)
    method.choose(0)
    mask, flags = method.rounded(), arena.as_mask(arena.flags)
    assert mask.is_within(flags)
    assert method.rounded() == mask, "asking repeats"
    if rounding == "exact":
        assert mask.count == task.keep
        scores = arena.scores.detach()
        on = arena.join({name: mask[name] for name in mask})
        assert scores[on].min() >= scores[~on & (arena.flags > 0)].max()
    elif rounding == "threshold":
        assert mask == arena.as_mask(arena.mask)
    elif rounding == "all-ones":
        assert mask == flags
    else:
        expected = float((arena.scores.detach() * arena.flags).sum())
        assert abs(mask.count - expected) < 0.1 * expected


def test_unflag_hands_over_every_candidate(make_task: MakeTask) -> None:
    result = found(make_task(unflag=True, balance=False, **LONG))
    assert result.mask.remaining() == result.flagged


def test_noise_changes_what_is_on_and_not_what_is_handed_over(make_task: MakeTask) -> None:
    task = make_task(noise=0.3)
    arena = Arena(task.module, task.layers)
    method = GemMiner(task, arena)
    masks: list[Mask] = []
    for step in range(2):
        method.choose(step)
        masks.append(arena.as_mask(arena.mask))
    assert masks[0] != masks[1]
    assert method.rounded() == method.rounded()
    result = found(make_task(noise=0.1, **LONG))
    assert result.mask.count == round(result.mask.size * 0.3)


def test_scores_stay_within_bounds(make_task: MakeTask) -> None:
    result = found(make_task(**LONG | {"lr": 50.0}))
    flat = torch.cat([score.flatten() for score in result.scores.values()])
    assert (float(flat.min()), float(flat.max())) == (0.0, 1.0)


def test_the_floor_saves_layers(make_task: MakeTask) -> None:
    task = make_task(keep=0.02, floor=7, **LONG)
    assert min(found(task).mask.remaining().values()) >= 7


@pytest.mark.parametrize(
    ("search", "word"),
    [
        ({"prune_type": "bottom-k-published"}, "prune_type"),
        ({"prune_type": "threshold", "balance": False}, "prune_type"),
        ({"scope": "global"}, "scope"),
        ({"dynamic_scale": True}, "dynamic_scale"),
    ],
)
def test_contradictions_are_refused(search: dict[str, object], word: str) -> None:
    reason = searches["gem-miner"].why_not(SearchSpec(**search))
    assert reason is not None
    assert f"search.{word}" in reason
    assert searches["gem-miner"].why_not(SearchSpec(**PUBLISHED)) is None


def test_candidates_learn_whether_on_or_off_and_others_do_not(make_task: MakeTask) -> None:
    # sparse_analysis 4.1: straight through for every flagged score, 0 where the flag is 0
    task = make_task(keep=0.1, length="3ep", strength=0)
    arena = Arena(task.module, task.layers)
    method = GemMiner(task, arena)
    method.prune(0)
    method.choose(0)
    slope = method.slope(torch.ones_like(arena.weights))
    off = (arena.flags > 0) & (arena.mask == 0)
    assert off.any()
    assert bool((slope[off] == 1).all())
    assert bool((slope[arena.flags == 0] == 0).all())
