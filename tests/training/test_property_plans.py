"""Random networks of the plan language, pruned at random, trained by every engine: all agree with the dense engine."""

from collections.abc import Callable

import numpy as np
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn

from tombola.data.dataset import Dataset
from tombola.errors import TombolaError
from tombola.networks import build, initialise
from tombola.pruning import Mask
from tombola.specs import NetworkSpec, TrainSpec
from tombola.training import FitResult, StackedEngine, Task, engines, fit

MakeData = Callable[..., Dataset]

TOLERANCE = 2e-5
"""Largest difference of a weight, a statistic or a loss from the dense engine in float64 after eight steps.

Weights are of order 0.1 to 1. Where float32 itself loses more (the bias before a batch norm has a gradient of 0, of
which Adam makes steps of rounding errors), up to four times of what the dense engine in float32 loses.
"""

OTHERS = sorted(set(engines) - {"dense"})

tokens = st.lists(st.sampled_from(["3", "4", "7", "3B", "5B", "M", "A"]), max_size=5)
widths = st.lists(st.sampled_from(["3", "9", "16", "21"]), max_size=2)
sizes = st.integers(6, 12)
shapes = st.tuples(st.sampled_from([1, 3]), sizes, sizes)
RECIPES = [
    {"optimiser": "sgd", "lr": 0.02},
    {"optimiser": "sgd", "lr": 0.01, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    {"optimiser": "adam", "lr": 0.003, "eps": 1e-3, "weight_decay": 0.01},
    {"optimiser": "adamw", "lr": 0.003, "eps": 1e-3, "weight_decay": 0.1},
]


def make(spec: NetworkSpec, shape: tuple[int, int, int], seed: int) -> nn.Module:
    module = build(spec, shape, 5)
    generator = torch.Generator().manual_seed(seed)
    initialise(module, spec, generator)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            # a channel without survivors is constant and normalised to the shift: at 0 a ReLU would have no slope
            with torch.no_grad():
                part.bias.copy_(torch.rand(part.bias.shape, generator=generator) - 0.3)
    return module


def mask_of(module: nn.Module, density: float, seed: int) -> Mask:
    """Draw a mask; below a density of 0.02 the first layer is dead and the last keeps one weight, below 0 none."""
    generator = torch.Generator().manual_seed(seed)
    weights = {name: weight for name, weight in module.named_parameters() if weight.dim() > 1}
    keep = {name: torch.rand(weight.shape, generator=generator) < max(density, 0.3) for name, weight in weights.items()}
    if density >= 0.02:
        keep = {name: torch.rand(weight.shape, generator=generator) < density for name, weight in weights.items()}
    else:
        first, last = next(iter(keep)), next(reversed(keep))
        keep[last][:] = False
        keep[last].view(-1)[3] = density == 0
        keep[first][:] = False
    return Mask(keep)


def agree(exact: FitResult, dense: FitResult, other: FitResult, mask: Mask) -> None:
    """Check a result against the dense engine in float64, and in float32 for what rounding does to it."""
    assert other.status == "done"
    assert other.snapshots.keys() == exact.snapshots.keys()
    for name, column in exact.records.arrays().items():
        rounding = np.abs(dense.records.arrays()[name] - column)
        # one of the 50 answers may be a tie but for rounding
        allowed = 0.021 if "accuracy" in name else np.fmax(TOLERANCE, 4 * np.nan_to_num(rounding))
        error = np.abs(other.records.arrays()[name] - column)
        assert np.array_equal(np.isnan(error), np.isnan(rounding)), name
        assert (np.nan_to_num(error) <= allowed).all(), (name, error, rounding)
    triples = [(exact.trained, dense.trained, other.trained)]
    triples += [(exact.snapshots[step], dense.snapshots[step], other.snapshots[step]) for step in exact.snapshots]
    if exact.records.early_stop() == dense.records.early_stop():  # else two records are equal but for rounding
        assert other.records.early_stop() == exact.records.early_stop()
        triples.append((exact.early_stop or {}, dense.early_stop or {}, other.early_stop or {}))
    for wanted, rounded, got in triples:
        assert wanted.keys() == got.keys()
        for name, value in wanted.items():
            error, rounding = (float((state[name].double() - value).abs().max()) for state in (got, rounded))
            assert error <= max(TOLERANCE, 4 * rounding), (name, error, rounding)
    for state in (other.trained, other.early_stop or {}, *other.snapshots.values()):
        for name, keep in mask.items():  # +0.0 in every bit: nothing was revived
            assert not state[name].view(torch.int32)[~keep].any()


# the same networks in every run: in one of a thousand, some sum is so near 0 that rounding turns a ReLU on or off
@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    conv=tokens,
    linear=widths,
    shape=shapes,
    density=st.sampled_from([1.0, 0.5, 0.1, 0.02, 0.0, -1.0]),
    recipe=st.sampled_from(RECIPES),
    activation=st.sampled_from(["tanh", "relu"]),
    batch=st.sampled_from([16, 24, 37]),
    seed=st.integers(0, 3),
)
@example(["4", "3B", "M", "7", "A"], ["9"], (3, 7, 11), 0.5, RECIPES[2], "relu", 37, 0)
@example(["M", "3B", "5B"], [], (1, 9, 6), 0.0, RECIPES[1], "tanh", 24, 1)
@example([], ["16", "9"], (1, 12, 12), 0.02, RECIPES[3], "tanh", 16, 2)
def test_every_engine_trains_a_random_network_as_the_dense_engine_does(
    make_data: MakeData,
    conv: list[str],
    linear: list[str],
    shape: tuple[int, int, int],
    density: float,
    recipe: dict[str, object],
    activation: str,
    batch: int,
    seed: int,
) -> None:
    spec = NetworkSpec.model_validate({"conv": conv, "linear": linear, "activation": activation})
    try:
        module = make(spec, shape, seed)
    except TombolaError:  # pools more often than the images are large
        return
    data = make_data(train=150, validation=50, test=0, shape=shape)
    train = TrainSpec.model_validate(recipe | {"batch_size": batch, "length": "8st", "record_every": "2st"})
    mask = mask_of(module, density, seed)
    coordinates = {"mask": mask, "seed": seed, "replicate": 1, "snapshots": (3,)}
    exact = fit(module.double(), data, train, engine="dense", **coordinates)
    dense = fit(make(spec, shape, seed), data, train, engine="dense", **coordinates)
    for name in OTHERS:
        assert engines[name].supports(make(spec, shape, seed), train, shape) is None
        agree(exact, dense, fit(make(spec, shape, seed), data, train, engine=name, **coordinates), mask)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    conv=tokens,
    linear=widths,
    shape=shapes,
    densities=st.lists(st.sampled_from([1.0, 0.5, 0.02, 0.02, 0.0, -1.0]), min_size=2, max_size=5),
    recipe=st.sampled_from(RECIPES),
    form=st.sampled_from(["grouped", "unfolded", "looped", "looped-last"]),
    capture=st.booleans(),
    seed=st.integers(0, 3),
)
@example(["4", "3B", "M"], ["9"], (3, 7, 9), [0.02, 1.0, -1.0, 0.0], RECIPES[2], "unfolded", True, 0)
@example([], ["16", "9"], (1, 12, 12), [-1.0, 0.02, 0.02], RECIPES[3], "grouped", False, 1)
def test_a_stack_trains_each_of_its_random_networks_as_the_dense_engine_does(
    make_data: MakeData,
    conv: list[str],
    linear: list[str],
    shape: tuple[int, int, int],
    densities: list[float],
    recipe: dict[str, object],
    form: str,
    capture: bool,
    seed: int,
) -> None:
    spec = NetworkSpec.model_validate({"conv": conv, "linear": linear})
    try:
        make(spec, shape, seed)
    except TombolaError:  # pools more often than the images are large
        return
    data = make_data(train=150, validation=50, test=0, shape=shape)
    train = TrainSpec.model_validate(recipe | {"batch_size": 24, "length": "8st", "record_every": "2st"})

    def tasks(double: bool = False) -> list[Task]:
        made = [(make(spec, shape, seed + number), density) for number, density in enumerate(densities)]
        return [
            Task(module.double() if double else module, mask_of(module, density, number), 0, number, 0, (3,))
            for number, (module, density) in enumerate(made)
        ]

    exact, dense = (engines["dense"].fit(tasks(double), data, train, "cpu") for double in (True, False))
    for engine in (StackedEngine(), StackedEngine(arithmetic="together", convolution=form, capture=capture)):
        for task, *results in zip(tasks(), exact, dense, engine.fit(tasks(), data, train, "cpu"), strict=True):
            agree(*results, task.mask or Mask({}))
