"""At which compression a network loses a whole layer when it is pruned at initialisation, score by score.

VGG-16 with 100 classes by default, nothing is trained (field reference, section 2.5: magnitude's last connected
compression is 10^2.75, SynFlow's about 10^6, which is the limit of one weight a layer). Scores that need images get
random ones, 10 of each class. Scored in one round, SynFlow in 100; an hour on one core, most of it GraSP's.

    python benchmarks/critical_compression.py [--network NAME] [--classes N] [--images N] [--seeds N] [--scores ...]
"""

import argparse
import math
import time
from copy import deepcopy

import torch

from tombola.networks import build, capture, initialise, prunable_layers
from tombola.pruning import Mask, Request, ScoreContext, allocations, collapsed_layers, prune, score_weights
from tombola.specs import NetworkSpec

SHAPE = (3, 32, 32)
ONE_ROUND = ("random", "magnitude", "snip", "grasp")
STEP = 0.25


def last_connected(module: torch.nn.Module, score: str, images: list, seed: int) -> float:
    """Return the largest compression (log10, in steps of .25) at which one round leaves something of every layer."""
    layers, state = prunable_layers(module), capture(module)
    context = ScoreContext(
        *(layers, Mask.dense(layers), state, state, torch.Generator().manual_seed(seed)),
        make_module=lambda: deepcopy(module),
        make_batches=lambda: images,
    )
    found, exponent = score_weights(score, context), 0.0
    while True:
        request = Request.for_density(layers, 10 ** -(exponent + STEP))
        if collapsed_layers(allocations["global"](found, context.mask, request)):
            return exponent
        exponent += STEP


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", default="vgg16", help="its registered name")
    parser.add_argument("--classes", type=int, default=100, help="outputs")
    parser.add_argument("--images", type=int, default=10, help="of each class")
    parser.add_argument("--seeds", type=int, default=1, help="initialisations")
    parser.add_argument("--scores", nargs="+", default=[*ONE_ROUND, "synflow-rescaled"], help="scores")
    options = parser.parse_args()
    spec = NetworkSpec(architecture=options.network, weight_init="kaiming-normal", bias_init="zeros")
    for seed in range(options.seeds):
        module = build(spec, SHAPE, options.classes)
        initialise(module, spec, torch.Generator().manual_seed(seed))
        module.eval()
        sizes = [layer.size for layer in prunable_layers(module)]
        limit = math.log10(sum(sizes) / len(sizes))
        print(f"seed {seed}: {sum(sizes):,} weights in {len(sizes)} layers, limit {limit:.2f}")
        draw = torch.Generator().manual_seed(seed)
        labels = torch.arange(options.images * options.classes) % options.classes
        pixels = torch.randn(len(labels), *SHAPE, generator=draw)
        images = list(zip(pixels.split(100), labels.split(100), strict=True))
        for score in options.scores:
            begun = time.perf_counter()
            if score in ONE_ROUND:
                told = f"last connected {last_connected(module, score, images, seed):.2f}"
            else:
                how = {"score": score, "rounds": 100, "input_shape": SHAPE, "rounding": "nearest"}
                mask = prune(module, density=len(sizes) / sum(sizes), **how)
                empty = collapsed_layers(mask)
                told = f"at the limit {len(empty)} of {len(sizes)} layers are empty, {mask.count} weights left"
            print(f"  {score:<18}{told}  ({time.perf_counter() - begun:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
