"""Paths of made-up and of stored networks, number by number (sparse-analysis reference, sections 5, 6 and 13)."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tombola.networks import layer_graph
from tombola.pruning import Mask
from tombola.pruning.paths import Paths, find_paths

REPOSITORY = Path(__file__).resolve().parents[2]
STORED = REPOSITORY.parent / "shared" / "data" / "seeds" / "sparse_analysis" / "All_Results" / "FC" / "10"
KEPT_AND_PATH = {
    "gem_10_21": (3516, 2.945),
    "gem_10_42": (3478, 2.913),
    "syn_10_21": (11940, 9.908),
    "syn_10_42": (11940, 9.931),
    "rnd_10_21": (11940, 9.670),
    "rnd_10_42": (11940, 9.737),
}
EMPTY = {
    "gem_10_21": [72, 50, 56, 55, 27, 0],
    "gem_10_42": [75, 49, 52, 58, 30, 0],
    "syn_10_21": [74, 1, 18, 14, 6, 0],
    "syn_10_42": [71, 1, 26, 18, 5, 0],
    "rnd_10_21": [0] * 6,
    "rnd_10_42": [0] * 6,
}
DENSITIES = {
    "syn_10_21": ([3.5, 14.5, 23.4, 22.4, 23.5, 81.3], 0.05),
    "gem_10_21": ([1.1, 4.3, 5.8, 5.7, 6.9, 36.5], 0.3),
}


def chain(*sizes: int) -> nn.Module:
    """Linear layers called 1, 3, 5, …, ReLU between them."""
    layers = [nn.Flatten()]
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def generated(seed: int, density: float, sizes: tuple[int, ...] = (20, 16, 12, 5)) -> Mask:
    """The mask of the reference's generator G(seed, density)."""

    def draws() -> Iterator[float]:
        x = seed
        while True:
            x = (1664525 * x + 1013904223) % 2**32
            yield x / 2**32

    numbers, keep = draws(), {}
    for i, (inputs, outputs) in enumerate(pairwise(sizes)):
        flat = []
        for _ in range(inputs * outputs):
            flat.append(next(numbers) < density)
            next(numbers)  # the weight's value
        keep[f"{2 * i + 1}.weight"] = torch.tensor(flat).reshape(outputs, inputs)
    return Mask(keep)


def active(found: Paths) -> list[int]:
    units = [int(keep.any(1).sum()) for keep in found.mask.values()]
    return [int(found.inputs.sum()), *units]


@pytest.mark.parametrize(
    ("density", "kept", "on_path", "nodes"),
    [(0.3, [100, 60, 25], [100, 53, 25], [20, 16, 10, 5]), (0.08, [25, 20, 8], [15, 11, 7], [9, 9, 6, 4])],
)
def test_the_path_fixture(density: float, kept: list[int], on_path: list[int], nodes: list[int]) -> None:
    mask = generated(7, density)
    found = find_paths(layer_graph(chain(20, 16, 12, 5), (1, 4, 5)), mask)
    assert [*mask.remaining().values()] == kept
    assert [*found.mask.remaining().values()] == on_path
    assert active(found) == nodes


def stored(name: str) -> Mask:
    """The effective mask of a stored network (section 9.2)."""
    file = STORED / name / ("model_after_finetune.pth" if name.startswith("gem") else "model_before_train.pt")
    state: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    if name.startswith("gem"):
        keys = [key.removesuffix("flag") for key in state if key.endswith(".flag")]
        kept = {key.removeprefix("model."): state[f"{key}flag"] * state[f"{key}scores"] > 0.5 for key in keys}
        return Mask({f"{key}weight": keep for key, keep in kept.items()})
    return Mask({key.removesuffix("_mask"): value > 0 for key, value in state.items() if key.endswith("weight_mask")})


@pytest.fixture(scope="module")
def six() -> dict[str, Mask]:
    if not STORED.is_dir():
        pytest.skip("the stored networks of the sparse-analysis reference do not lie beside the project")
    return {name: stored(name) for name in KEPT_AND_PATH}


@pytest.mark.data
@pytest.mark.parametrize("name", KEPT_AND_PATH)
def test_stored_networks(name: str, six: dict[str, Mask]) -> None:
    mask = six[name]
    graph = layer_graph(chain(784, 100, 100, 100, 100, 100, 10), (1, 28, 28))
    kept, path = KEPT_AND_PATH[name]
    assert mask.size == 119_400
    assert mask.count == kept
    assert 100 * find_paths(graph, mask).mask.density == pytest.approx(path, abs=5.1e-4)
    assert [int((~keep.any(1)).sum()) for keep in mask.values()] == EMPTY[name]
    if name in DENSITIES:
        densities, tolerance = DENSITIES[name]
        found = [
            100 * count / size for count, size in zip(mask.remaining().values(), mask.sizes().values(), strict=True)
        ]
        assert found == pytest.approx(densities, abs=tolerance + 1e-9)
