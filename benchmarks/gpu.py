"""The stacked engine on a CUDA device, checked and timed with one command, in under ten minutes on a large card.

1. Equality: 50 steps of several networks against the dense engine in float64, for every form of convolution, captured
   and not; and no step may wait for the device (torch's own sync debugging raises if one does).
2. LeNet-300-100: one network in the dense engine, one stacked, 64 stacked.
3. Conv-2: 16 networks one after the other in the dense engine, and stacked, in every form and precision.
4. Forms of convolution, layer by layer. 5. Captured steps against eager ones.

A step is timed by the difference of a long and a short training, so that set-up, capture and warm-up drop out. Images
are random; masks keep 20 %. Without a CUDA device it says so and runs everything once, tiny, on the CPU: a check that
it works, whose times mean nothing.

    python benchmarks/gpu.py [--json FILE] [--repeats N] [--device cuda:1]
"""

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import nn

from tombola.data.dataset import Dataset, Part, Split
from tombola.data.normalisation import Normalisation
from tombola.networks import build, initialise, prunable_layers
from tombola.pruning import Mask
from tombola.specs import NetworkSpec, TrainSpec
from tombola.training import Task, engines
from tombola.training.stacked import StackedEngine
from tombola.training.stacked.choice import CANDIDATES, Shape, feasible, milliseconds
from tombola.training.stacked.convolution import FORMS, Geometry
from tombola.training.stacked.loop import StackTraining
from tombola.training.stacked.precision import Precision

DENSITY, BATCH = 0.2, 60
TOLERANCE = 1e-3
"""Largest difference of a weight after 50 steps from the float64 dense engine, TF32 off."""

LENET = NetworkSpec(family="lenet", linear=("300", "100"))
CONV2 = NetworkSpec(family="conv", conv=("64", "64", "M"), linear=("256", "256"))
TINY = NetworkSpec(family="conv", conv=("4", "M", "4", "M"), linear=("8",))
MIXED = NetworkSpec(family="conv", conv=("8B", "M", "8", "A"), linear=("16",))
MNIST, CIFAR = (1, 28, 28), (3, 32, 32)
LAYERS = {"3x32x32 -> 64": (3, 64, 32), "64x32x32 -> 64": (64, 64, 32), "128x16x16 -> 128": (128, 128, 16),
          "256x8x8 -> 256": (256, 256, 8)}  # fmt: skip

Figures = dict[str, float]


@dataclass(frozen=True)
class Scale:
    """How much is done: all of it on a GPU, next to nothing on a CPU."""

    device: str
    lenets: int
    convs: int
    short: int
    long: int
    repeats: int
    samples: int


def random_data(shape: tuple[int, int, int], samples: int) -> Dataset:
    generator = torch.Generator().manual_seed(0)

    def part(count: int) -> Part:
        images = torch.randint(0, 256, (count, *shape), dtype=torch.uint8, generator=generator)
        return Part(images, torch.randint(0, 10, (count,), generator=generator))

    constants = Normalisation("random", (0.5,) * shape[0], (0.25,) * shape[0])
    split = Split(0, np.arange(samples), np.arange(0), own_validation=True)
    return Dataset("random", tuple("0123456789"), part(samples), part(256), part(256), constants, (), split)


def make_tasks(
    spec: NetworkSpec, shape: tuple[int, int, int], count: int, double: bool = False, density: float = DENSITY
) -> list[Task]:
    tasks = []
    for replicate in range(count):
        module: nn.Module = build(spec, shape, 10)
        generator = torch.Generator().manual_seed(replicate)
        initialise(module, spec, generator)
        layers = prunable_layers(module)
        mask = Mask({layer.name: torch.rand(layer.shape, generator=generator) < density for layer in layers})
        tasks.append(Task(module.double() if double else module, mask, replicate=replicate))
    return tasks


def recipe(steps: int, **changes: Any) -> TrainSpec:
    length = f"{steps}st"
    fields = {"length": length, "record_every": length, "batch_size": BATCH, "lr": 1e-3, "test_curve": True}
    return TrainSpec.model_validate(fields | changes)


def step_ms(
    engine: Any, spec: NetworkSpec, shape: tuple[int, int, int], count: int, scale: Scale, **changes: Any
) -> float:
    """Return ms per step of `count` networks together: median of differences of a long and a short training."""
    data = random_data(shape, scale.samples)

    def seconds(steps: int) -> float:
        results = engine.fit(make_tasks(spec, shape, count), data, recipe(steps, **changes), scale.device)
        if any(result.status != "done" for result in results):
            raise SystemExit(f"a training failed: {results[0].reason}")
        return sum(result.seconds - result.evaluation_seconds for result in results)

    seconds(scale.short)
    times = [seconds(scale.long) - seconds(scale.short) for _ in range(scale.repeats)]
    return median(times) / (scale.long - scale.short) * 1e3


def check_equality(scale: Scale) -> Figures:
    """Return the largest difference of a weight from the float64 dense engine, by variant; stop at a large one."""
    found: Figures = {}
    steps = 50 if scale.device != "cpu" else 10
    variants: dict[str, StackedEngine] = {"separate": StackedEngine(arithmetic="separate")}
    for form in FORMS:
        variants[form] = StackedEngine(arithmetic="together", convolution=form)
    variants["grouped, eager"] = StackedEngine(arithmetic="together", convolution="grouped", capture=False)
    recipes = {"adam": {"eps": 1e-3}, "nesterov": {"optimiser": "sgd", "lr": 0.02, "momentum": 0.9, "nesterov": True}}
    data = random_data(MNIST, scale.samples)
    for name, changes in recipes.items():
        train = recipe(steps, **changes)
        wanted = engines["dense"].fit(make_tasks(MIXED, MNIST, 3, double=True, density=0.8), data, train, scale.device)
        for variant, engine in variants.items():
            # a channel without weights has no variance, and batch norm makes much of its rounding errors
            tasks = make_tasks(MIXED, MNIST, 3, density=0.8)
            given = engine.fit(tasks, data, train, scale.device)
            worst = 0.0
            for task, one, other in zip(tasks, wanted, given, strict=True):
                assert task.mask is not None
                for key, weight in one.trained.items():
                    worst = max(worst, float((weight.double() - other.trained[key].double()).abs().max()))
                for key, keep in task.mask.items():
                    if other.trained[key].view(torch.int32)[~keep].any():
                        raise SystemExit(f"{variant}, {name}: a pruned weight of {key} moved")
            found[f"{variant}, {name}"] = worst
            if not worst < TOLERANCE:
                raise SystemExit(f"{variant}, {name}: a weight is off by {worst:.2e} after {steps} steps")
    return found


@contextmanager
def no_waiting() -> Iterator[None]:
    """Let every step raise that waits for the device."""
    step = StackTraining._step

    def watched(training: StackTraining) -> None:
        torch.cuda.set_sync_debug_mode("error")
        try:
            step(training)
        finally:
            torch.cuda.set_sync_debug_mode("default")

    StackTraining._step = watched  # type: ignore[method-assign]
    try:
        yield
    finally:
        StackTraining._step = step  # type: ignore[method-assign]


def check_waits(scale: Scale) -> str:
    """Run every step uncaptured under torch's sync debugging; the first ones, which set up, are in another run."""
    if scale.device == "cpu":
        return "not checked: needs a CUDA device"
    data = random_data(MNIST, scale.samples)
    for form in CANDIDATES:
        engine = StackedEngine(arithmetic="together", convolution=form, capture=False)
        engine.fit(make_tasks(MIXED, MNIST, 3), data, recipe(5), scale.device)
        with no_waiting():
            engine.fit(make_tasks(MIXED, MNIST, 3), data, recipe(20), scale.device)
    return "none in 20 steps of any form"


def time_lenet(scale: Scale) -> Figures:
    dense, stacked = engines["dense"], StackedEngine(arithmetic="together")
    return {
        "dense, 1 network": step_ms(dense, LENET, MNIST, 1, scale),
        "stacked, 1 network": step_ms(stacked, LENET, MNIST, 1, scale),
        f"stacked, {scale.lenets} networks": step_ms(stacked, LENET, MNIST, scale.lenets, scale),
        "stacked eager, 1 network": step_ms(
            StackedEngine(arithmetic="together", capture=False), LENET, MNIST, 1, scale
        ),
        f"stacked eager, {scale.lenets} networks": step_ms(
            StackedEngine(arithmetic="together", capture=False), LENET, MNIST, scale.lenets, scale
        ),
    }


def time_conv2(scale: Scale, **changes: Any) -> Figures:
    """Return ms per step of all networks: in the dense engine the sum over them."""
    spec = CONV2 if scale.device != "cpu" else TINY
    engine = {"measured forms": StackedEngine(arithmetic="together")}
    engine |= {form: StackedEngine(arithmetic="together", convolution=form) for form in FORMS}
    engine["separate, captured"] = StackedEngine(arithmetic="separate", capture=True)
    engine["measured forms, eager"] = StackedEngine(arithmetic="together", capture=False)
    figures = {
        f"dense, {scale.convs} one by one": step_ms(engines["dense"], spec, CIFAR, scale.convs, scale, **changes)
    }
    for name, stacked in engine.items():
        figures[f"stacked, {name}"] = attempt(lambda s=stacked: step_ms(s, spec, CIFAR, scale.convs, scale, **changes))
    return figures


def time_forms(scale: Scale, bf16: bool) -> dict[str, Figures]:
    device = torch.device(scale.device)
    rows: dict[str, Figures] = {}
    layers = LAYERS if scale.device != "cpu" else {"3x8x8 -> 4": (3, 4, 8)}
    for replicates in (1, 4, scale.convs):
        for name, (inputs, outputs, size) in layers.items():
            images, kernels = (replicates, BATCH, inputs, size, size), (replicates, outputs, inputs, 3, 3)
            precision = Precision(device, torch.float32, bf16)
            shape = Shape(images, kernels, True, Geometry(padding=(1, 1)), precision)
            rows[f"{replicates} x {name}"] = {
                form: attempt(lambda f=form, s=shape: milliseconds(f, s)) for form in FORMS if feasible(form, shape)
            }
    return rows


def attempt(action: Callable[[], float]) -> float:
    """Return a figure, or NaN where the device has too little memory for it."""
    try:
        return action()
    except torch.cuda.OutOfMemoryError:
        torch.cuda.empty_cache()
        return float("nan")


def show(title: str, figures: Figures, base: str | None = None) -> None:
    first = figures[base] if base else next(iter(figures.values()))
    print(f"\n{title}")
    for name, figure in figures.items():
        print(f"  {name:<36}{figure:>12.4f} ms{figure / first:>9.3f} x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--repeats", type=int, default=5, help="repeats that medians are taken over")
    parser.add_argument("--device", default="cuda:0", help="which CUDA device")
    options = parser.parse_args()
    began = perf_counter()
    if torch.cuda.is_available():
        scale = Scale(options.device, 64, 16, 20, 120, options.repeats, 6000)
        name = torch.cuda.get_device_name(torch.device(options.device))
    else:
        print("no CUDA device here: a tiny check on the CPU, whose times mean nothing")
        scale, name = Scale("cpu", 2, 2, 1, 2, 1, 240), "CPU"
    found: dict[str, Any] = {"device": name, "torch": torch.__version__, "repeats": scale.repeats, "batch": BATCH}

    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    found["equality"] = check_equality(scale)
    print(f"{name}, torch {torch.__version__}\n\nlargest difference of a weight from the float64 dense engine")
    for variant, worst in found["equality"].items():
        print(f"  {variant:<36}{worst:>12.2e}")
    found["waits"] = check_waits(scale)
    print(f"\nwaits for the device within steps: {found['waits']}")

    found["lenet"] = time_lenet(scale)
    show(f"LeNet-300-100, batch {BATCH}, a step of all networks, fp32", found["lenet"])
    for precision, tf32, bf16 in (("fp32", False, "fp32"), ("TF32", True, "fp32"), ("bf16", False, "bf16")):
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = tf32
        found[f"conv2 {precision}"] = time_conv2(scale, precision=bf16)
        show(f"Conv-2, batch {BATCH}, a step of all {scale.convs} networks, {precision}", found[f"conv2 {precision}"])
        print(f"  ({perf_counter() - began:.0f} s so far)", flush=True)
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    for bf16 in (False, True):
        rows = found[f"forms {'bf16' if bf16 else 'fp32'}"] = time_forms(scale, bf16)
        print(f"\nforms of 3x3 convolutions, {'bf16' if bf16 else 'fp32'}, forward and backward, ms")
        print(f"  {'':<24}" + "".join(f"{form:>13}" for form in FORMS))
        for row, figures in rows.items():
            print(f"  {row:<24}" + "".join(f"{figures.get(form, float('nan')):>13.3f}" for form in FORMS))
    found["seconds"] = perf_counter() - began
    print(f"\n{found['seconds']:.0f} s in all")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
