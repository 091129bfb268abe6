"""How fast the dense engine trains and evaluates, against the plainest loop that does the same arithmetic.

Training: ms per step of `fit` (data order, batches from uint8, normalisation, masks, records) against a hand-written
loop over float images in memory (same network, fused Adam, no masks). Evaluation: 15,000 images, loss and accuracy,
against the bare forward pass over the same float images in the same batches. All variants take turns in one process;
figures are medians.

    python benchmarks/training.py [--quick] [--threads N] [--json FILE]
"""

import argparse
import json
import platform
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from tombola.data.batches import Prepare
from tombola.data.dataset import Dataset, Part, Split
from tombola.data.normalisation import Normalisation
from tombola.networks import build, initialise, prunable_layers
from tombola.pruning import Mask
from tombola.specs import NetworkSpec
from tombola.training import Evaluator, fit
from tombola.training.placement import has_convolutions, threads_set

BATCH, TRAIN, EVALUATED = 60, 6000, 15000
DENSITY = 0.2
LR = 1e-3


@dataclass(frozen=True)
class Case:
    """One network, with the images it takes and the steps that are timed at a stretch."""

    name: str
    network: NetworkSpec
    shape: tuple[int, int, int]
    steps: int
    quick_steps: int


CASES = (
    Case("LeNet-300-100", NetworkSpec(family="lenet", linear=("300", "100")), (1, 28, 28), 400, 100),
    Case("Conv-2", NetworkSpec(family="conv", conv=("64", "64", "M"), linear=("256", "256")), (3, 32, 32), 20, 5),
)


def random_data(shape: tuple[int, int, int], evaluated: int) -> Dataset:
    generator = torch.Generator().manual_seed(0)

    def part(count: int) -> Part:
        images = torch.randint(0, 256, (count, *shape), dtype=torch.uint8, generator=generator)
        return Part(images, torch.randint(0, 10, (count,), generator=generator))

    normalisation = Normalisation("random", (0.5,) * shape[0], (0.25,) * shape[0])
    split = Split(0, np.arange(TRAIN), np.arange(0), own_validation=True)
    validation, test = part(BATCH), part(evaluated)
    return Dataset("random", tuple("0123456789"), part(TRAIN), validation, test, normalisation, (), split)


def random_mask(module: nn.Module) -> Mask:
    generator = torch.Generator().manual_seed(1)
    layers = prunable_layers(module)
    return Mask({layer.name: torch.rand(layer.shape, generator=generator) < DENSITY for layer in layers})


def floats(images: torch.Tensor, layout: torch.memory_format) -> torch.Tensor:
    return (images.float() / 255 - 0.5).div_(0.25).contiguous(memory_format=layout)


def plain_loop(module: nn.Module, images: torch.Tensor, labels: torch.Tensor, steps: int) -> float:
    """Return ms per step of the plain loop."""
    layout = torch.channels_last if has_convolutions(module) else torch.contiguous_format
    module = module.to(memory_format=layout)
    optimiser = torch.optim.Adam(module.parameters(), LR, fused=True)
    began = perf_counter()
    for step in range(steps):
        position = step * BATCH % TRAIN
        if position == 0:
            order = torch.randperm(TRAIN)
        chosen = order[position : position + BATCH]
        optimiser.zero_grad()
        batch = images[chosen].contiguous(memory_format=layout)
        F.cross_entropy(module(batch), labels[chosen]).backward()
        optimiser.step()
    return (perf_counter() - began) / steps * 1e3


def engine_loop(module: nn.Module, data: Dataset, mask: Mask | None, steps: int, threads: int) -> float:
    """Return ms per step of the dense engine, everything but evaluation included."""
    result = fit(
        module,
        data,
        mask=mask,
        steps=steps,
        batch_size=BATCH,
        lr=LR,
        record_every=steps,
        test_curve=True,
        threads=threads,
    )
    return (result.seconds - result.evaluation_seconds) / steps * 1e3


def take_turns(variants: dict[str, Callable[[], float]], repeats: int) -> dict[str, float]:
    """Return the median of every variant; one unmeasured round warms up."""
    times: dict[str, list[float]] = {name: [] for name in variants}
    for turn in range(repeats + 1):
        for name, variant in variants.items():
            figure = variant()
            if turn:
                times[name].append(figure)
    return {name: median(figures) for name, figures in times.items()}


def time_training(case: Case, module: nn.Module, steps: int, repeats: int, threads: int) -> dict[str, float]:
    data = random_data(case.shape, 0)
    images = floats(data.train.images, torch.contiguous_format)
    return take_turns(
        {
            "plain": lambda: plain_loop(deepcopy(module), images, data.train.labels, steps),
            "engine": lambda: engine_loop(deepcopy(module), data, None, steps, threads),
            "engine, masked": lambda: engine_loop(deepcopy(module), data, random_mask(module), steps, threads),
        },
        repeats,
    )


def time_evaluation(case: Case, module: nn.Module, count: int, repeats: int) -> dict[str, float]:
    convolutions = has_convolutions(module)
    layout = torch.channels_last if convolutions else torch.contiguous_format
    module = deepcopy(module).to(memory_format=layout)
    data = random_data(case.shape, count)
    cpu = torch.device("cpu")
    prepare = Prepare(data.normalisation, cpu, channels_last=convolutions)
    evaluate = Evaluator(data, data.test, prepare, cpu, convolutions=convolutions)
    batches = floats(data.test.images, layout).split(evaluate.batch_size)

    def bare() -> None:
        with torch.inference_mode():
            for batch in batches:
                module(batch)

    def timed(action: Callable[[], object]) -> float:
        began = perf_counter()
        action()
        return (perf_counter() - began) * 1e3

    return take_turns({"bare": lambda: timed(bare), "engine": lambda: timed(lambda: evaluate(module))}, repeats)


def table(title: str, unit: str, rows: dict[str, dict[str, float]], base: str) -> str:
    lines = [f"{title:<34}{unit:>12}{'ratio':>9}"]
    for name, figures in rows.items():
        lines += [f"{name + ', ' + what:<34}{ms:>12.3f}{ms / figures[base]:>9.3f}" for what, ms in figures.items()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--quick", action="store_true", help="fewer steps, images and repeats: a check, not a measurement"
    )
    parser.add_argument("--threads", type=int, default=1, help="threads of either side (default 1, as jobs have)")
    parser.add_argument("--repeats", type=int, default=7, help="repeats that medians are taken over")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    repeats, evaluated = (3, 1500) if options.quick else (options.repeats, EVALUATED)

    training: dict[str, dict[str, float]] = {}
    evaluation: dict[str, dict[str, float]] = {}
    with threads_set(options.threads):
        for case in CASES:
            module = build(case.network, case.shape, 10)
            initialise(module, case.network, torch.Generator().manual_seed(0))
            steps = case.quick_steps if options.quick else case.steps
            training[case.name] = time_training(case, module, steps, repeats, options.threads)
            evaluation[case.name] = time_evaluation(case, module, evaluated, repeats)

    print(table(f"training, batch {BATCH}", "ms/step", training, "plain"), end="\n\n")
    print(table(f"evaluation of {evaluated:,} images", "ms", evaluation, "bare"))
    print(
        f"\nmedians of {repeats}, {options.threads} thread(s), mask of {DENSITY:.0%} density, torch {torch.__version__}"
    )
    if options.json:
        figures = {
            "training_ms_per_step": training,
            "evaluation_ms": evaluation,
            "evaluated_images": evaluated,
            "batch_size": BATCH,
            "density": DENSITY,
            "repeats": repeats,
            "threads": options.threads,
            "quick": options.quick,
            "torch": torch.__version__,
            "processor": platform.processor() or platform.machine(),
        }
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
