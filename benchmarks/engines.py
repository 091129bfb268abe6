"""Whether `engine: auto` takes the right engine: both measured at the levels of real experiments, against its choice.

At every level of iterative pruning (planned densities, random masks), ms per step and network of the dense and of the
sparse engine with every core at work, the choice, and what it costs over the better one. Also each engine's ratio to P,
the plain eager loop on all cores. Engines take turns. The loss is that of the threads' own time, which holds on a busy
machine too; on a quiet one it is that of the wall.

    python benchmarks/engines.py [--presets NAME ...] [--levels L ...] [--repeats N] [--json FILE]
"""

import argparse
import json
from pathlib import Path

from tombola.cli.bench_train import DENSITIES, Options, input_of, remaining
from tombola.experiments.workers import worker_count
from tombola.specs import resolve
from tombola.training.cost.figures import Figures, measure_figures
from tombola.training.cost.race import Contest

PRESETS = ("lenet-mnist", "conv2-cifar10", "conv4-cifar10", "conv6-cifar10")
LEVELS = (0, 1, 2, 3, 4, 5, 7, 10, 15, 20)


def measure(preset: str, levels: tuple[int, ...], repeats: int) -> Figures:
    spec = resolve(preset)
    shape, classes = input_of(spec)
    kept = remaining(spec, shape, classes, Options(preset, DENSITIES, levels))
    contest = Contest(spec.network, spec.train, shape, classes)
    cores = worker_count(None, 1 << 10, 1)
    return measure_figures(preset, contest, kept, cores=cores, repeats=repeats)


def table(figures: Figures, levels: tuple[int, ...]) -> tuple[list[str], float]:
    """Return lines, and the largest loss of the choice over the better engine."""
    each = ("P/it", "thread", "predicted")
    heads = ("level", "density", "dense", *each, "sparse", *each, "auto", "loss")
    lines = ["".join(f"{head:>10}" for head in heads)]
    worst = 0.0
    for number, level in enumerate(levels):
        dense, sparse = figures.cells[2 * number : 2 * number + 2]
        chosen = sparse if (sparse.predicted or 0) < (dense.predicted or 0) else dense
        loss = chosen.thread / min(dense.thread, sparse.thread) - 1
        worst = max(worst, loss)
        line = f"{level:>10}{dense.density:>10.4f}"
        for cell in (dense, sparse):
            line += f"{cell.milliseconds:>10.3f}{figures.plain / cell.milliseconds:>10.2f}{cell.thread:>10.3f}"
            line += f"{cell.predicted or 0:>10.3f}"
        lines.append(f"{line}{chosen.engine:>10}{loss:>10.1%}")
    return lines, worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presets", nargs="+", default=list(PRESETS), help="experiments")
    parser.add_argument("--levels", nargs="+", type=int, default=list(LEVELS), help="levels")
    parser.add_argument("--repeats", type=int, default=5, help="repeats that medians are taken over")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    levels, found = tuple(options.levels), {}
    for preset in options.presets:
        figures = measure(preset, levels, options.repeats)
        lines, worst = table(figures, levels)
        print(f"{preset}: P {figures.plain:.3f} ms/step, dense floor {figures.floor:.3f}, load {figures.load:.2f}")
        print("\n".join(lines), f"\nlargest loss of auto: {worst:.1%}\n", flush=True)
        found[preset] = figures.as_json() | {"levels": levels, "largest_loss": worst}
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
