"""The course of a search, whatever the method: steps, epochs, what is measured, and how it ends."""

from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter

import torch

from tombola.errors import TombolaError
from tombola.networks import capture, restore
from tombola.search.arena import Arena
from tombola.search.method import Method
from tombola.search.report import outcome
from tombola.search.rescaling import WEIGHTS, as_searched, changes
from tombola.search.stepper import Stepper
from tombola.search.table import Table
from tombola.search.task import SearchResult, SearchTask
from tombola.training.placement import find_device, has_convolutions, modes_kept, placed, products, threads_set

TOLD = 100
"""How often progress is told."""


def conduct(task: SearchTask, method: Callable[[SearchTask, Arena], Method]) -> SearchResult:
    """Search for a mask: train scores, weights frozen, and round them at the end.

    Parameters
    ----------
    task
        What to search.
    method
        Makes what the search goes by from the task and its arena.

    Raises
    ------
    TombolaError
        If the task does not fit the data, the loss becomes infinite or NaN, or no weight is left.
    """
    _check(task)
    device, began = find_device(task.device), perf_counter()
    initial = capture(task.module)
    restore(task.module, as_searched(initial, {WEIGHTS: changes(task)}))
    with ExitStack() as stack:
        stack.enter_context(threads_set(task.threads))
        stack.enter_context(products(device, task.train.precision))
        stack.enter_context(modes_kept(task.module))
        stack.enter_context(placed(task.module, device, has_convolutions(task.module)))
        stack.enter_context(torch.random.fork_rng([device.index] if device.type == "cuda" else []))
        arena = Arena(task.module, task.layers)
        way = method(task, arena)
        stepper = Stepper(task, arena, way, device)
        table = Table(stepper)
        _go(task, way, stepper, table)
        mask = way.rounded()
        before, flagged = arena.as_mask(arena.mask), arena.as_mask(arena.flags)
        scores = arena.state(arena.scores)
    if not mask.count:
        raise TombolaError(
            "the search ended without a single weight; lower search.weight_decay or search.strength, "
            "or take search.rounding = exact"
        )
    weights = changes(task, mask)
    state = capture(task.module) | {layer.name: initial[layer.name] for layer in task.layers}
    found = outcome(task, mask, before, flagged, stepper.done, perf_counter() - began)
    return SearchResult(
        mask, as_searched(state, {WEIGHTS: weights}), weights, scores, flagged.remaining(), table.rows, found
    )


def _go(task: SearchTask, way: Method, stepper: Stepper, table: Table) -> None:
    """Take all steps; measure at the end of every epoch and prune after that, as published."""
    total, per_epoch = task.steps, task.per_epoch
    prunings, epochs = set(way.prune_steps()), {*range(0, total, per_epoch), total}
    told = set(range(0, total, max(1, total // TOLD)))
    for stop in sorted(prunings | epochs | told | {total}):
        stepper.advance(stop)
        task.tell("search", stop, total)
        if stop in epochs:
            table.measure()
            if stop and way.over():
                break
        if stop in prunings:
            way.prune(stop)
    way.choose(stepper.done)


def _check(task: SearchTask) -> None:
    samples = len(task.data.train)
    if not 0 < task.keep <= task.size:
        raise TombolaError(f"a search is asked to keep {task.keep} of {task.size} weights; ask for at least one")
    if task.train.batch_size > samples:
        raise TombolaError(
            f"train.batch_size = {task.train.batch_size} exceeds the {samples} training samples of {task.data.name}; "
            "use a smaller batch"
        )
    if task.steps < 1:
        raise TombolaError("search.length must be at least one step")
