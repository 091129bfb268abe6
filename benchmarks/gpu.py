"""The stacked engine on a CUDA device: built, checked and timed with one command, in under ten minutes.

1. Checks: 50 steps of several networks against the dense engine in float64, for every form of convolution, captured
   and not; a network alone and among others; no step may wait for the device (torch's own sync debugging raises if one
   does); an experiment through the runner, dense and stacked.
2. LeNet-300-100: one network in the dense engine, one stacked, 64 and 256 stacked.
3. Conv-2: 16 networks one after the other in the dense engine, and stacked, in every form and precision.
4. Forms of convolution, layer by layer.

What acceptance goes by comes first; where the time is up, the rest is left out and said to be. Images are random, masks
keep 20 %. Float32 products are exact but in the rows named TF32. Exits with 1 if a check fails or a goal is missed.

    python benchmarks/gpu.py [--json FILE] [--device cuda:1] [--repeats N] [--minutes M]
    python benchmarks/gpu.py --device cpu --quick     the same code on a CPU, tiny: a check that it works
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from gpu_cases import BATCH, TINY, Scale
from gpu_checks import TOLERANCE, check_equality, check_experiment, check_stacks, check_waits
from gpu_timing import Figures, conv_cases, form_cases, lenet_cases

from tombola.errors import TombolaError
from tombola.training.placement import find_device
from tombola.training.stacked.convolution import FORMS

LENET_GOAL, CONV_GOAL = 2.0, 4.0
"""64 LeNets stacked cost at most twice one; 16 Conv-2 stacked have at least four times the dense throughput."""


class Clock:
    """How much time is left for what may be left out.

    Parameters
    ----------
    minutes
        All there is.
    failures
        Where to note what could not be measured.
    """

    def __init__(self, minutes: float, failures: list[str]) -> None:
        self.began, self.seconds, self.left_out, self.failures = perf_counter(), 60 * minutes, 0, failures

    @property
    def passed(self) -> float:
        """Seconds since the start."""
        return perf_counter() - self.began

    def take(self, action: Callable[[], float], needed: bool) -> float:
        """Return a figure; NaN where there is no time left for it, or too little memory on the device."""
        if not needed and self.passed > self.seconds:
            self.left_out += 1
            return float("nan")
        try:
            return action()
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
        except RuntimeError as error:
            self.failures.append(str(error))
        return float("nan")


def measure(title: str, cases: dict[str, Callable[[], float]], clock: Clock, needed: int) -> Figures:
    """Take the figures of some cases, the first `needed` in any case, and print them."""
    figures = {name: clock.take(case, number < needed) for number, (name, case) in enumerate(cases.items())}
    first = next(iter(figures.values()))
    print(f"\n{title}\n\n| | ms per step | against the first |\n|---|---|---|")
    for name, figure in figures.items():
        print(f"| {name} | {figure:.4f} | {first / figure:.2f}x |" if figure == figure else f"| {name} | - | - |")
    print(f"\n({clock.passed:.0f} s so far)", flush=True)
    return figures


def goals(found: dict[str, Any], scale: Scale, failures: list[str]) -> dict[str, float]:
    """Return the two ratios of acceptance."""
    lenet, conv = found["lenet"], found["conv2 fp32"]
    cost = lenet[f"stacked, {scale.lenets}"] / lenet["stacked, 1"]
    gain = conv[f"dense, {scale.convs} one by one"] / conv[f"stacked, {scale.convs}"]
    print(f"\n{scale.lenets} LeNets stacked cost {cost:.2f}x one (goal: at most {LENET_GOAL:g}x)")
    print(f"{scale.convs} Conv-2 stacked have {gain:.2f}x the throughput of dense (goal: at least {CONV_GOAL:g}x)")
    if scale.on_cuda:
        failures += [f"64 LeNets cost {cost:.2f}x one"] if not cost <= LENET_GOAL else []
        failures += [f"16 Conv-2 have {gain:.2f}x the dense throughput"] if not gain >= CONV_GOAL else []
    return {"lenet cost": cost, "conv2 gain": gain}


def check(found: dict[str, Any], scale: Scale, failures: list[str]) -> None:
    found["equality"] = check_equality(scale, failures)
    print("\n| largest difference of a weight from the float64 dense engine | |\n|---|---|")
    print("\n".join(f"| {variant} | {worst:.2e} |" for variant, worst in found["equality"].items()))
    found["stacks"] = check_stacks(scale, failures)
    print(f"\nalone or among others: {found['stacks']['alone']:.2e}, twice the same: {found['stacks']['again']:.2e}")
    found["waits"] = check_waits(scale, failures)
    print(f"\nwaits for the device within steps: {found['waits']}")
    found["experiment"] = check_experiment(scale, failures)
    print(f"\nexperiment: {json.dumps(found['experiment'])}", flush=True)


def times(found: dict[str, Any], scale: Scale, clock: Clock, failures: list[str], quick: bool) -> None:
    found["lenet"] = measure(f"LeNet-300-100, batch {BATCH}, all networks, fp32", lenet_cases(scale), clock, 4)
    for precision, title in (("fp32", "fp32"), ("bf16", "bf16"), ("tf32", "TF32")):
        cases = conv_cases(scale, precision=precision)
        if quick:
            cases = dict(list(cases.items())[:2])
        heading = f"Conv-2, batch {BATCH}, all networks, {title}"
        found[f"conv2 {precision}"] = measure(heading, cases, clock, 2 if precision == "fp32" else 0)
        if precision == "fp32":
            found["goals"] = goals(found, scale, failures)
    for bf16 in () if quick and scale.on_cuda else (False, True):
        name, rows = f"forms {'bf16' if bf16 else 'fp32'}", {}
        print(f"\n3x3 convolutions, {name[6:]}, forward and backward, ms\n\n| | {' | '.join(FORMS)} |")
        print("|---" * (1 + len(FORMS)) + "|")
        for row, cases in form_cases(scale, bf16).items():
            rows[row] = {form: clock.take(case, needed=False) for form, case in cases.items()}
            told = (rows[row].get(form, float("nan")) for form in FORMS)
            print(f"| {row} | {' | '.join('-' if ms != ms else f'{ms:.3f}' for ms in told)} |", flush=True)
        found[name] = rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--device", default="auto", help="cuda:N, or cpu to check that it works")
    parser.add_argument("--repeats", type=int, default=5, help="measurements that medians are taken over")
    parser.add_argument("--minutes", type=float, default=8.0, help="after these, only what acceptance goes by")
    parser.add_argument("--quick", action="store_true", help="only what acceptance goes by")
    options = parser.parse_args()
    try:
        device = find_device(options.device)
    except TombolaError as error:
        print(error, file=sys.stderr)
        return 2
    scale, name = Scale(str(device), repeats=options.repeats), "CPU"
    if scale.on_cuda:
        name = torch.cuda.get_device_name(device)
    else:
        print("on a CPU: everything once and tiny; times mean nothing")
        scale = Scale("cpu", 2, 2, (2, 1), 10, 1, 240, TINY)
    found: dict[str, Any] = {"device": name, "torch": torch.__version__, "repeats": scale.repeats, "batch": BATCH}
    print(f"{name}, torch {torch.__version__}, tolerance {TOLERANCE:g}")
    failures: list[str] = []
    clock = Clock(options.minutes, failures)
    try:
        check(found, scale, failures)
        times(found, scale, clock, failures, options.quick)
    finally:
        found |= {"failures": failures, "left_out": clock.left_out, "seconds": clock.passed}
        if options.json:
            options.json.write_text(json.dumps(found, indent=2) + "\n")
    print(f"\n{clock.passed:.0f} s in all; {clock.left_out} measurements left out for time")
    print("\n".join(f"FAILED: {failure}" for failure in failures) or "all checks passed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
