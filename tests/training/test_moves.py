"""Masks that move in training: held exactly between moves, no past where they grow, the same in every engine."""

from collections.abc import Callable
from fractions import Fraction

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tombola.data.batches import Batches, Prepare
from tombola.data.dataset import Dataset
from tombola.networks import capture, prunable_layers
from tombola.pruning import Mask
from tombola.pruning.regrow import Movement, drop_and_grow
from tombola.specs import TrainSpec
from tombola.training import FitResult, Task, engines, fit_tasks
from tombola.training.moves import Moment, Moves

Make = Callable[..., nn.Module]
RECIPES = {
    "momentum": TrainSpec(
        length="60st", record_every="20st", optimiser="sgd", lr=0.05, momentum=0.9, weight_decay=0.01
    ),
    "adam": TrainSpec(length="60st", record_every="20st", optimiser="adam", lr=0.003),
    "adamw": TrainSpec(length="60st", record_every="20st", optimiser="adamw", lr=0.003, weight_decay=0.1),
}
STEPS = frozenset({10, 25, 40})


def make_network(make: Make, kind: str) -> nn.Module:
    if kind != "normalised":
        return make(kind)
    with torch.random.fork_rng([]):
        torch.manual_seed(5)
        body = (nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2))
        return nn.Sequential(*body, nn.Flatten(), nn.Linear(72, 5))


def sparse_mask(module: nn.Module, density: float = 0.3) -> Mask:
    generator = torch.Generator().manual_seed(4)
    return Mask(
        {layer.name: torch.rand(layer.shape, generator=generator) < density for layer in prunable_layers(module)}
    )


def at_random(moment: Moment) -> Movement:
    generator = torch.Generator().manual_seed(moment.step)
    growth = {name: torch.rand(weight.shape, generator=generator) for name, weight in moment.weights.items()}
    return drop_and_grow(moment.mask, moment.weights, growth, Fraction(2, 5))


def trained(
    make: Make, data: Dataset, train: TrainSpec, engine: str, moves: Moves | None, kind: str = "linear"
) -> FitResult:
    module = make_network(make, kind)
    mask = sparse_mask(module)
    mask.apply_(module)
    return fit_tasks([Task(module, mask, seed=1, moves=moves)], data, train, engine=engine)[0]


def able(engine: str, module: nn.Module, data: Dataset) -> bool:
    return engines[engine].supports(module, TrainSpec(), data.input_shape, moves=True) is None


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("kind", ["linear", "conv", "normalised"])
@pytest.mark.parametrize("engine", engines)
def test_engines_agree_with_plain_pytorch(
    engine: str, kind: str, recipe: str, make_module: Make, data: Dataset
) -> None:
    """A reference of its own: a plain loop that masks gradients, clears moments and weights, and moves the mask."""
    train, module = RECIPES[recipe], make_network(make_module, kind)
    if not able(engine, module, data):
        pytest.skip("the engine refuses masks that move, or this network")
    result = trained(make_module, data, train, engine, Moves(STEPS, at_random), kind)
    state, mask = reference(module, data, train)
    assert result.journey is not None
    assert result.journey.mask == mask
    for name, keep in mask.items():
        assert result.trained[name][~keep].view(torch.int32).any() == 0, "pruned weights are exactly +0.0"
        assert keep.sum() == sparse_mask(module)[name].sum()
    for name in mask:
        torch.testing.assert_close(result.trained[name], state[name], rtol=2e-3, atol=2e-4)


def reference(module: nn.Module, data: Dataset, train: TrainSpec) -> tuple[dict[str, torch.Tensor], Mask]:
    mask = sparse_mask(module)
    parameters = dict(module.named_parameters())
    cpu = torch.device("cpu")
    batches = Batches(data, train.batch_size, seed=1, replicate=0, prepare=Prepare(data.normalisation, cpu), device=cpu)
    optimiser = {
        "sgd": lambda p: torch.optim.SGD(p, train.lr, momentum=train.momentum, weight_decay=train.weight_decay),
        "adam": lambda p: torch.optim.Adam(p, train.lr),
        "adamw": lambda p: torch.optim.AdamW(p, train.lr, weight_decay=train.weight_decay),
    }[train.optimiser](list(parameters.values()))
    source = batches.from_step(0)
    module.train()
    for step in range(60):
        with torch.no_grad():
            for name, keep in mask.items():
                parameters[name][~keep] = 0.0
        images, labels = next(source)
        optimiser.zero_grad()
        F.cross_entropy(module(images), labels).backward()
        for name, keep in mask.items():
            parameters[name].grad[~keep] = 0.0  # type: ignore[index]
        optimiser.step()
        if step + 1 in STEPS:
            with torch.no_grad():
                weights = {name: parameters[name].detach().where(keep, 0.0) for name, keep in mask.items()}
            movement = at_random(Moment(step + 1, mask, weights, dict))
            mask = movement.mask
            with torch.no_grad():
                for name, keep in mask.items():
                    void = ~keep | movement.grown[name]
                    parameters[name][void] = 0.0
                    for value in optimiser.state[parameters[name]].values():
                        if torch.is_tensor(value) and value.shape == void.shape:
                            value[void] = 0.0
    mask.apply_(module)
    return capture(module), mask


def test_gradients_reach_pruned_weights_and_change_nothing(make_module: Make, data: Dataset) -> None:
    seen: list[dict[str, torch.Tensor]] = []

    def look(moment: Moment) -> Movement:
        seen.append(moment.gradients())
        return Movement(moment.mask, {name: torch.zeros_like(keep) for name, keep in moment.mask.items()})

    train = RECIPES["adam"]
    still = trained(make_module, data, train, "dense", None, "normalised")
    looked = trained(make_module, data, train, "dense", Moves(STEPS, look), "normalised")
    assert len(seen) == len(STEPS)
    assert all(torch.equal(still.trained[name], looked.trained[name]) for name in still.trained)
    mask = sparse_mask(make_network(make_module, "normalised"))
    for name, keep in mask.items():
        assert seen[0][name][~keep].abs().sum() > 0


def test_the_early_stop_state_has_the_mask_of_its_own_time(make_module: Make, data: Dataset) -> None:
    train = TrainSpec(length="60st", record_every="5st", optimiser="sgd", lr=1.0, momentum=0.9)  # overshoots
    result = trained(make_module, data, train, "dense", Moves(frozenset(range(4, 60, 4)), at_random))
    assert result.journey is not None
    assert result.early_stop is not None
    stop = result.records.early_stop()
    assert stop is not None
    assert result.records.step[stop] < 60
    assert result.early_stop_mask is not None
    assert result.early_stop_mask != result.journey.mask
    for name, keep in result.early_stop_mask.items():
        assert not result.early_stop[name][~keep].any()
        assert (result.early_stop[name][keep] != 0).any()


def test_the_journey_is_told(make_module: Make, data: Dataset) -> None:
    result = trained(make_module, data, RECIPES["adam"], "dense", Moves(STEPS, at_random))
    assert result.journey is not None
    assert [row["step"] for row in result.journey.rows] == sorted(STEPS)
    explored = [row["explored"] for row in result.journey.rows]
    assert explored == sorted(explored)
    assert explored[0] > result.journey.mask.density
    assert all(0.3 < row["replaced"] <= 0.4 for row in result.journey.rows)


def test_the_stacked_engine_says_no(make_module: Make, data: Dataset) -> None:
    assert "cannot move" in str(engines["stacked"].supports(make_module(), TrainSpec(), data.input_shape, moves=True))
