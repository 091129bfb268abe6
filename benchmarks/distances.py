"""How fast distances between networks are, against the same distance computed pair of units by pair of units.

The literal implementation loops over pairs of units in Python and compares each two with NumPy (what published analyses
do, short of looping over single weights); assignment and propagation are the same in both, and the values of the first
layer, which has no ties, are compared before anything is timed. Then what whole analyses take: a 9 x 9 matrix of linear
networks like the published ones, pairs of ResNet-20 and of Conv-2, by distance and alignment. The fastest of
repetitions that take turns: other work on the machine only ever adds time.

    python benchmarks/distances.py [--quick] [--threads N] [--json FILE]
"""

import argparse
import json
import platform
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment

from tombola.analysis.distances import Network, Settings, network_distance
from tombola.analysis.material import NetworkView
from tombola.networks import build, layer_graph, prunable_layers
from tombola.pruning import Mask
from tombola.specs import NetworkSpec
from tombola.training.placement import threads_set

DENSITY = 0.1
ENTRIES = ("nnstd", "sasd", "maed")
WIDTHS, QUICK_WIDTHS = (32, 64, 100, 128, 256, 512), (32, 100)
CONV2 = {
    "conv1": (64, 3, 3, 3),
    "conv2": (64, 64, 3, 3),
    "dense1": (256, 16384),
    "dense2": (256, 256),
    "out": (10, 256),
}
CONV2_KEPT = {"conv1": 553, "conv2": 11816, "dense1": 300270, "dense2": 48550, "out": 2207}
"""A published ticket: signs reference, section 1.4."""


def mlp(width: int) -> dict[str, tuple[int, int]]:
    sizes = (784, *(width,) * 5, 10)
    return {f"layer{n}": (sizes[n + 1], sizes[n]) for n in range(6)}


def drawn(shapes: dict[str, tuple[int, ...]], seed: int, kept: dict[str, int] | None = None) -> dict[str, np.ndarray]:
    """Return random signed weights: exact counts where they are given, else all layers at one density."""
    random, weights = np.random.default_rng(seed), {}
    for name, shape in shapes.items():
        size = int(np.prod(shape))
        count = kept[name] if kept else round(DENSITY * size)
        flat = np.zeros(size, np.float32)
        flat[random.choice(size, count, replace=False)] = random.standard_normal(count)
        weights[name] = flat.reshape(shape)
    return weights


# ---------------------------------------------------------------------------------------------------------------------
# the literal implementation
# ---------------------------------------------------------------------------------------------------------------------


def literal_unit(entry: str, a: np.ndarray, b: np.ndarray) -> float:
    if entry == "maed":
        most = np.abs(np.sort(a) - np.sort(b)[::-1]).sum()
        return float(np.abs(a - b).sum() / most) if most else 0.0
    either = np.count_nonzero((a != 0) | (b != 0))
    alike = np.count_nonzero(a * b > 0) if entry == "sasd" else np.count_nonzero((a != 0) & (b != 0))
    return 1 - alike / either if either else 0.0


def literal(one: dict[str, np.ndarray], two: dict[str, np.ndarray], entry: str) -> list[float]:
    """Return the distances of all layers: first layer first, outputs fixed, pair of units by pair of units."""
    order, means = np.arange(next(iter(two.values())).shape[1]), []
    names = list(one)
    for name in names:
        a, b = one[name], two[name][:, order]
        cost = np.array([[literal_unit(entry, x, y) for y in b] for x in a])
        order = np.arange(len(b)) if name == names[-1] else linear_sum_assignment(cost)[1]
        means.append(cost[np.arange(len(a)), order].mean())
    return means


# ---------------------------------------------------------------------------------------------------------------------
# timing
# ---------------------------------------------------------------------------------------------------------------------


def timed(calls: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Return the seconds of calls that take turns, by repetition."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            start = perf_counter()
            call()
            taken[name].append(perf_counter() - start)
    return taken


def against_literal(width: int, entry: str, repeats: int) -> dict[str, object]:
    one, two = drawn(mlp(width), 1), drawn(mlp(width), 2)

    def ours() -> list[float]:  # making the networks is part of it
        distance = network_distance(Network.of_arrays("one", one), Network.of_arrays("two", two), entry)
        return [layer.value for layer in distance.layers]

    # narrow layers have ties, which the two break by different rules; the first layer has none
    values, expected = ours(), literal(one, two, entry)
    if abs(values[0] - expected[0]) > 1e-7:
        raise SystemExit(f"{entry} at width {width}, first layer: ours {values[0]}, literal {expected[0]}")
    taken = timed({"ours": ours, "literal": lambda: literal(one, two, entry)}, repeats)
    ratios = sorted(slow / fast for slow, fast in zip(taken["literal"], taken["ours"], strict=True))
    return {
        "width": width,
        "entry": entry,
        "ties": abs(float(np.mean(values) - np.mean(expected))),
        "ours": median(taken["ours"]),
        "literal": median(taken["literal"]),
        "times": median(ratios),
        "fewest_times": ratios[0],
        "most_times": ratios[-1],
        "repeats": repeats,
    }


def resnet(seed: int) -> Network:
    module = build(NetworkSpec(architecture="resnet20"), (3, 32, 32), 10)
    layers, generator = prunable_layers(module), torch.Generator().manual_seed(seed)
    state = {name: value.clone() for name, value in module.state_dict().items()}
    for layer in layers:
        state[layer.name] = torch.randn(layer.shape, generator=generator)
    mask = Mask({layer.name: torch.rand(layer.shape, generator=generator) < DENSITY for layer in layers})
    mask.apply_(state)
    graph = layer_graph(module, (3, 32, 32))
    return Network.of_view(NetworkView(f"resnet {seed}", "", layers, mask, lambda: state, graph))


def whole_analyses(repeats: int) -> list[dict[str, object]]:
    linear = [Network.of_arrays(str(seed), drawn(mlp(100), seed)) for seed in range(9)]
    pairs = {
        "ResNet-20 pair": [resnet(1), resnet(2)],
        "Conv-2 pair": [Network.of_arrays(str(seed), drawn(CONV2, seed, CONV2_KEPT)) for seed in (1, 2)],
    }
    rows: list[dict[str, object]] = []
    for entry in ENTRIES:
        calls: dict[str, Callable[[], object]] = {
            "9 x 9 matrix, width 100": lambda entry=entry: [
                network_distance(a, b, entry) for a, b in combinations(linear, 2)
            ]
        }
        for name, (one, two) in pairs.items():
            for alignment in ("greedy", "weights"):
                settings = Settings(alignment=alignment)
                calls[f"{name}, {alignment}"] = lambda one=one, two=two, entry=entry, settings=settings: (
                    network_distance(one, two, entry, settings)
                )
        for name, seconds in timed(calls, repeats).items():
            rows.append({"case": name, "entry": entry, "seconds": median(seconds)})
    return rows


def markdown(table: list[dict[str, object]], rows: list[dict[str, object]], about: dict[str, object]) -> str:
    """Return both tables as a page of documentation has them."""
    entries = list(dict.fromkeys(str(row["entry"]) for row in [*table, *rows]))
    lines = [", ".join(f"{name} {value}" for name, value in about.items()) + ".", ""]
    lines += ["| width | " + " | ".join(f"{e.upper()}: per pair | ours | times" for e in entries) + " |"]
    lines += ["|---" * (1 + 3 * len(entries)) + "|"]
    for width in dict.fromkeys(row["width"] for row in table):
        cells = [
            f"{row['literal']:.2f} s | {1e3 * float(str(row['ours'])):.1f} ms | "
            f"{row['times']:.0f} ({row['fewest_times']:.0f}\N{EN DASH}{row['most_times']:.0f})"
            for row in table
            if row["width"] == width
        ]
        lines.append(f"| {width} | " + " | ".join(cells) + " |")
    if rows:
        lines += ["", "| seconds | " + " | ".join(e.upper() for e in entries) + " |", "|---" * (1 + len(entries)) + "|"]
        for case in dict.fromkeys(row["case"] for row in rows):
            cells = [f"{row['seconds']:.2f}" for row in rows if row["case"] == case]
            lines.append(f"| {case} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few widths, no whole analyses")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=7, help="turns of each call; of width 512 half of them")
    parser.add_argument("--markdown", type=Path, help="write the tables to this file, too")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.repeats < 1 or options.threads < 1:
        parser.error("--repeats and --threads must be at least 1")
    widths = QUICK_WIDTHS if options.quick else WIDTHS
    table = []
    with threads_set(options.threads):
        for width in widths:
            repeats = options.repeats if width < WIDTHS[-1] else max(1, options.repeats // 2)
            for entry in ENTRIES:
                row = against_literal(width, entry, repeats)
                table.append(row)
                told = f"width {width}, {entry}: {row['times']:.0f} times, ties {row['ties']:.4f}"
                print(told, file=sys.stderr, flush=True)
        rows = [] if options.quick else whole_analyses(max(1, options.repeats // 2))
    about: dict[str, object] = {"density": DENSITY, "threads": options.threads, "turns": options.repeats}
    text = markdown(table, rows, about)
    print(text, end="")
    if options.markdown:
        options.markdown.write_text(text)
    if options.json:
        about["machine"] = platform.processor()
        options.json.write_text(json.dumps({"about": about, "widths": table, "analyses": rows}, indent=2))


if __name__ == "__main__":
    main()
