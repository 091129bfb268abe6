"""`fit`: train one network, from Python, with one call."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from torch import nn

from tombola.data.dataset import Dataset
from tombola.errors import TombolaError
from tombola.pruning import Mask
from tombola.specs import TrainSpec
from tombola.specs.resolve import overlay, validate
from tombola.training.engine import FitResult, OnRecord, Task, engines
from tombola.training.memory import memory_kept

AUTO = "auto"
DEFAULT = "dense"


def fit(
    module: nn.Module,
    data: Dataset,
    train: TrainSpec | None = None,
    *,
    mask: Mask | None = None,
    seed: int = 0,
    replicate: int = 0,
    start_step: int = 0,
    snapshots: tuple[int, ...] = (),
    engine: str = AUTO,
    device: str = AUTO,
    threads: int = 1,
    on_record: OnRecord | None = None,
    **changes: Any,
) -> FitResult:
    """Train a network in place, with its mask held exactly.

    Any module that maps images (n, c, h, w) to class scores (n, classes) will do. It ends in its trained state, on the
    device, in the layout and in the mode it came in.

    Parameters
    ----------
    module
        The network, holding its initial state.
    data
        Images and labels, from `tombola.load_data` or made by hand.
    train
        The recipe; default: Adam for ten epochs in batches of 60.
    mask
        What remains: pruned weights are +0.0, or what the mask holds them at (`Mask.holding`), from the first step to
        the last. None trains the network as it is, dense.
    seed, replicate
        Select data order and augmentation.
    start_step
        Steps that count as done already: training takes the rest, with the batches and learning rates of those steps.
    snapshots
        Steps after which the state is kept.
    engine
        ``auto`` or a registered engine.
    device
        ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
    threads
        Threads of the CPU.
    on_record
        Called with a `Progress` at every record; an exception it raises stops training.
    **changes
        Fields of the recipe to change: ``steps=500``, ``epochs=3``, ``lr=1e-3``, ``schedule={"kind": "cosine"}``.

    Returns
    -------
    FitResult
        Status, records, and the states at the end and at early stop.

    Raises
    ------
    TombolaError
        Before anything is computed, for whatever does not fit together.

    Examples
    --------
    >>> import tombola
    >>> from torch import nn
    >>> data = tombola.load_data("digits")
    >>> module = nn.Sequential(nn.Flatten(), nn.Linear(64, 100), nn.ReLU(), nn.Linear(100, 10))
    >>> result = tombola.fit(module, data, steps=300, lr=1e-3, record_every=100)
    >>> result.status, result.records.step.tolist()
    ('done', [0, 100, 200, 300])
    """
    recipe = changed(train or TrainSpec(), changes)
    task = Task(module, mask, seed, replicate, start_step, tuple(snapshots))
    return fit_tasks([task], data, recipe, engine=engine, device=device, threads=threads, on_record=on_record)[0]


def fit_tasks(
    tasks: Sequence[Task],
    data: Dataset,
    train: TrainSpec,
    *,
    engine: str = AUTO,
    device: str = AUTO,
    threads: int = 1,
    on_record: OnRecord | None = None,
) -> list[FitResult]:
    """Train several networks by one recipe with one engine, each in place; see `fit` and `Engine.fit`.

    Raises
    ------
    TombolaError
        Before anything is computed, for whatever does not fit together.
    """
    chosen = engines[DEFAULT if engine == AUTO else engine]
    for task in tasks:
        holds_values = bool(task.mask is not None and task.mask.held)
        reason = chosen.supports(
            task.module, train, data.input_shape, holds_values=holds_values, moves=task.moves is not None
        )
        if reason is not None:
            raise TombolaError(f"engine '{engine}' cannot train this network: {reason}")
    with memory_kept():
        return chosen.fit(tasks, data, train, device, threads, on_record)


def changed(train: TrainSpec, changes: dict[str, Any]) -> TrainSpec:
    """Return a recipe with some fields changed, validated; ``steps`` and ``epochs`` replace the length.

    Raises
    ------
    TombolaError
        For an unknown field or a wrong value.

    Examples
    --------
    >>> changed(TrainSpec(), {"steps": 500, "lr": 0.1}).length
    '500st'
    """
    plain = {name: value.model_dump() if isinstance(value, BaseModel) else value for name, value in changes.items()}
    return validate(overlay({"train": train.model_dump()}, {"train": plain})).train
