"""What must hold on a GPU before its times mean anything."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from weakref import WeakSet

import numpy as np
import torch
from gpu_cases import MNIST, ROUGH, SMOOTH, Scale, make_tasks, random_data, recipe

from tombola.experiments import run
from tombola.specs import NetworkSpec, resolve
from tombola.store import open_run
from tombola.training import FitResult, engines
from tombola.training.stacked import StackedEngine, batches
from tombola.training.stacked.choice import CANDIDATES
from tombola.training.stacked.convolution import FORMS
from tombola.training.stacked.loop import StackTraining

TOLERANCE = 1e-3
"""Largest difference of a weight after 50 steps from the float64 dense engine, and between two ways to stack it."""

ROUGH_STEPS = 5
"""Steps of networks in which rounding decides things."""

Found = dict[str, Any]


def difference(one: FitResult, other: FitResult) -> float:
    """Return the largest difference of a weight, infinite where one of the two is NaN."""
    pairs = ((one.trained[name].double(), other.trained[name].double()) for name in one.trained)
    return max(float((a - b).abs().nan_to_num(torch.inf).max()) for a, b in pairs)


def variants() -> dict[str, StackedEngine]:
    made: dict[str, StackedEngine] = {"separate": StackedEngine(arithmetic="separate")}
    for form in FORMS:
        made[form] = StackedEngine(arithmetic="together", convolution=form, capture=True)
    made["measured forms"] = StackedEngine(arithmetic="together", capture=True)
    made["grouped, eager"] = StackedEngine(arithmetic="together", convolution="grouped", capture=False)
    return made


def check_equality(scale: Scale, failures: list[str]) -> Found:
    """Return the largest difference of a weight from the dense engine in float64, by variant; note what is off."""
    found: Found = {}
    nesterov = {"optimiser": "sgd", "lr": 0.02, "momentum": 0.9, "nesterov": True}
    cases: dict[str, tuple[NetworkSpec, int, dict[str, Any]]] = {
        "adam": (SMOOTH, scale.checked, {"eps": 1e-3}),
        "nesterov": (SMOOTH, scale.checked, nesterov),
        "max pool, ReLU": (ROUGH, ROUGH_STEPS, nesterov),
    }
    data = random_data(MNIST, scale.samples)
    for name, (network, steps, changes) in cases.items():
        train = recipe(steps, **changes)
        # a channel without weights has no variance, and batch norm makes much of its rounding errors
        doubles = make_tasks(network, MNIST, 3, double=True, density=0.8)
        exact = engines["dense"].fit(doubles, data, train, scale.device)
        dense = engines["dense"].fit(make_tasks(network, MNIST, 3, density=0.8), data, train, scale.device)
        found[f"dense, {name}"] = max(map(difference, exact, dense))
        for variant, engine in variants().items():
            label, tasks = f"{variant}, {name}", make_tasks(network, MNIST, 3, density=0.8)
            try:
                given = engine.fit(tasks, data, train, scale.device)
            except RuntimeError as error:
                failures.append(f"{label}: {error}")
                continue
            found[label] = max(map(difference, exact, given))
            if not found[label] < TOLERANCE:
                failures.append(f"{label}: a weight is off by {found[label]:.2e} after {steps} steps")
            for task, result in zip(tasks, given, strict=True):
                for key, keep in (task.mask or {}).items():
                    if result.trained[key].view(torch.int32)[~keep].any():
                        failures.append(f"{label}: a pruned weight of {key} moved")
    return found


def check_stacks(scale: Scale, failures: list[str]) -> Found:
    """Return how much a network differs that is trained alone, among others, and twice in the same stack."""
    data, train = random_data(MNIST, scale.samples), recipe(scale.checked, eps=1e-3)
    engine = StackedEngine(arithmetic="together", capture=True)
    whole, again = (engine.fit(make_tasks(SMOOTH, MNIST, 5, density=0.8), data, train, scale.device) for _ in range(2))
    alone = [engine.fit([task], data, train, scale.device)[0] for task in make_tasks(SMOOTH, MNIST, 5, density=0.8)]
    found = {"alone": max(map(difference, whole, alone)), "again": max(map(difference, whole, again))}
    failures += [f"stacks matter: {name}, {worst:.2e}" for name, worst in found.items() if not worst < TOLERANCE]
    return found


@contextmanager
def no_waiting() -> Iterator[None]:
    """Let every step but the first ones, which set up, raise where it waits for the device; windows are short."""
    steps, window = StackTraining._steps, batches.WINDOW
    begun: WeakSet[StackTraining] = WeakSet()

    def watched(training: StackTraining, first: int, last: int) -> None:
        torch.cuda.set_sync_debug_mode("error" if training in begun else "default")
        begun.add(training)
        try:
            steps(training, first, last)
        finally:
            torch.cuda.set_sync_debug_mode("default")

    StackTraining._steps, batches.WINDOW = watched, 1  # type: ignore[method-assign]
    try:
        yield
    finally:
        StackTraining._steps, batches.WINDOW = steps, window  # type: ignore[method-assign]


def check_waits(scale: Scale, failures: list[str]) -> str:
    """Run steps under torch's sync debugging: captured and eager, with new epochs on the way."""
    if not scale.on_cuda:
        return "not checked: needs a CUDA device"
    data = random_data(MNIST, 600)
    for form in CANDIDATES:
        for capture in (True, False):
            engine = StackedEngine(arithmetic="together", convolution=form, capture=capture)
            try:
                with no_waiting():
                    engine.fit(make_tasks(SMOOTH, MNIST, 3), data, recipe(40, every=5), scale.device)
            except RuntimeError as error:
                failures.append(f"{form}, captured {capture}: a step waits for the device: {error}")
    return "none in 35 steps of any form, captured and not, over four epochs"


def check_experiment(scale: Scale, failures: list[str]) -> Found:
    """Run an experiment through the runner, by the dense and the stacked engine, on this device."""
    steps, replicates, levels = (300, 8, 4) if scale.on_cuda else (10, 2, 1)
    changes = {"train": {"steps": steps, "record_every": max(1, steps // 6)}, "prune": {"levels": levels}}
    spec = resolve("lenet-digits", changes=changes).with_(replicates=replicates, controls=["reinit:2"])
    found: Found = {"jobs": replicates * (1 + 3 * levels), "steps": steps}
    stops = {}
    with TemporaryDirectory() as out:
        for name in ("dense", "stacked"):
            began = perf_counter()
            outcome = run(spec.with_(engine={"kind": name, "device": scale.device}), Path(out) / name)
            found[f"{name}, seconds"] = perf_counter() - began
            if not outcome.complete:
                failures.append(f"experiment, {name}: {len(outcome.failed)} jobs failed, {len(outcome.lost)} were lost")
            stops[name] = open_run(outcome.path).early_stop_table()["val_accuracy"].mean()
    found["difference of mean early-stop accuracies"] = float(np.abs(stops["dense"] - stops["stacked"]))
    if not found["difference of mean early-stop accuracies"] < 0.02:
        failures.append("experiment: accuracies of the dense and the stacked engine differ")
    return found
