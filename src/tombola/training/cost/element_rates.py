"""What the sparse engine's operations without weights cost here, per vector of 16 samples."""

import numpy as np
import torch
from torch import nn

from tombola.training.cost.programs import nanoseconds
from tombola.training.sparse import fields as at
from tombola.training.sparse.arena import Arena, View, feature_view
from tombola.training.sparse.compile import Compiler, Recipe
from tombola.training.sparse.layers import RELU, TANH, read_layers
from tombola.training.sparse.operations import Operations
from tombola.training.sparse.optimise import ADAM
from tombola.training.sparse.sources import Pixels
from tombola.training.sparse.turn import INWARD, OUTWARD
from tombola.training.sparse.vector import LANES

SIDE = 32
"""Height and width of the maps of the network that is measured."""

ADAM_RECIPE = Recipe(ADAM, (0.9, 0.999, 1e-8, 0.0))


def element_rates(channels: int) -> dict[str, float]:
    """Time the operations of a small real network, and activations, per vector."""
    body = (nn.Conv2d(3, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.MaxPool2d(2), nn.Flatten())
    module = nn.Sequential(*body, nn.Linear(channels * (SIDE // 2) ** 2, 10))
    shape, one, mask = (
        (3, SIDE, SIDE),
        np.ones(1, np.float32),
        {"4.weight": torch.zeros(10, channels * (SIDE // 2) ** 2) > 0},
    )
    compiled = Compiler(read_layers(module, shape), mask, Pixels(shape, one, one), 64, ADAM_RECIPE)
    vectors = {"gather": (at.GATHER, 3 * SIDE * SIDE), "loss": (at.LOSS, 10)}
    for name, code in (("pool", at.POOL), ("pool_back", at.POOL_BACK), ("norm", at.NORM), ("norm_back", at.NORM_BACK)):
        vectors[name] = (code, channels * SIDE * SIDE)
    found = {}
    for name, (code, count) in vectors.items():
        chosen = Operations()
        for row, real in zip(compiled.training.rows, compiled.training.reals, strict=True):
            if row[at.CODE] == code:
                chosen.rows, chosen.reals = [row], [real]
        found[name] = nanoseconds(chosen, compiled.arena, 64) / (4 * count)
    whole = 4 * channels * SIDE * SIDE
    found |= {"turn": _turn(channels, INWARD), "turn_back": _turn(channels, OUTWARD)}
    return found | {"relu": _map(RELU), "tanh": _map(TANH), "add": _map(RELU, whole, adding=True)}


def _turn(channels: int, direction: int) -> float:
    """Return nanoseconds of handing over a map to sparse linear layers, or its gradient back, per vector."""
    arena, operations, side = Arena(), Operations(), SIDE // 2
    shape, size = (channels, side, side), channels * side * side
    rows, view = arena.reserve(4 * LANES * size), feature_view(arena, shape, 4)
    places = np.arange(size).reshape(shape).transpose(1, 2, 0) * 4 * LANES
    table = arena.table(np.ascontiguousarray(places))
    source = View(rows, LANES * size, 0, 0, 0)
    operations.add(at.TURN, source=source, target=view, groups=4, count=size, offsets=table, size=direction)
    return nanoseconds(operations, arena) / (4 * size)


def _map(activation: int, count: int = 1 << 10, *, adding: bool = False) -> float:
    """Return nanoseconds of an activation, of a sum where it adds, per vector."""
    arena, operations = Arena(), Operations()
    source, target, addend = (View(arena.reserve(count * LANES), 0, LANES, 0, LANES) for _ in range(3))
    operations.add(
        at.MAP,
        source=source,
        target=target,
        addend=addend if adding else None,
        activation=activation,
        rows=1,
        height=1,
        width=count,
        groups=1,
        source_channel=0,
    )
    return nanoseconds(operations, arena) / count
