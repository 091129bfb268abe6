"""Presets of pruning at initialisation: the published values, and that they can be planned."""

import pytest

from tombola.networks import build, prunable_layers
from tombola.pruning import allocations, planned_remaining, scores
from tombola.specs import preset_names, resolve

INPUTS = {"mnist": ((1, 28, 28), 10), "cifar10": ((3, 32, 32), 10), "cifar100": ((3, 32, 32), 100)}
PRESETS = [name for name in preset_names() if resolve(name).prune.procedure in ("at-init", "structured-random")]


def kept(name: str) -> list[int]:
    spec = resolve(name)
    shape, classes = INPUTS[spec.data.name]
    module = build(spec.network, shape, classes, device="meta")
    return [plan.total for plan in planned_remaining(prunable_layers(module), spec.prune)]


@pytest.mark.parametrize("name", PRESETS)
def test_they_can_be_planned(name: str) -> None:
    spec = resolve(name)
    assert spec.prune.score in scores
    assert spec.prune.allocation in allocations
    totals = kept(name)
    assert len(totals) == 1 + len(spec.prune.densities)
    assert all(
        total / totals[0] == pytest.approx(density, abs=1e-4)
        for total, density in zip(totals[1:], spec.prune.densities, strict=True)
    )


@pytest.mark.parametrize("score", ["synflow", "snip", "grasp"])
def test_fc_mnist(score: str) -> None:
    """Sparse-analysis reference, 2.1, 2.4, 3.1 and 3.3."""
    spec = resolve(f"{score}-fc-mnist")
    train = spec.train
    assert (train.optimiser, train.lr, train.momentum, train.weight_decay) == ("sgd", 0.1, 0.0, 0.0)
    assert (train.length, train.batch_size, train.schedule.kind) == ("25ep", 64, "constant")
    assert (spec.network.weight_init, spec.network.bias_init) == ("uniform-fan-in", "uniform-fan-in")
    assert (spec.prune.score, spec.prune.rounds) == (score, 10 if score == "synflow" else 1)
    assert kept(f"{score}-fc-mnist") == [119_400, 59_842, 24_100, 11_940, 5_985, 2_383]


def test_resnet20() -> None:
    """Sparse-analysis reference, 2.4, 3.1 and 3.3."""
    spec = resolve("synflow-resnet20")
    train, schedule = spec.train, spec.train.schedule
    assert (train.optimiser, train.lr, train.momentum, train.nesterov) == ("sgd", 0.01, 0.9, True)
    assert (train.weight_decay, schedule.milestones, schedule.factor) == (5e-4, ("60ep", "120ep"), 0.2)
    assert (spec.prune.rounds, spec.prune.shots) == (100, 10)
    assert kept("synflow-resnet20") == [270_896, 135_770, 54_677, 27_090, 13_577, 5_406]


def test_the_recipes_of_their_papers() -> None:
    """Field reference, 2.5."""
    vgg = resolve("synflow-vgg16")
    assert (vgg.data.name, vgg.train.length, vgg.train.batch_size, vgg.train.weight_decay) == (
        *("cifar100", "160ep", 128, 1e-4),
    )
    assert (vgg.prune.rounds, vgg.train.lr, vgg.train.nesterov) == (100, 0.1, True)
    snip = resolve("snip-vgg16")
    assert (snip.train.length, snip.train.schedule.factor, snip.prune.densities) == ("150000st", 0.2, (0.05,))
    assert snip.train.schedule.milestones == ("30000st", "60000st", "90000st", "120000st")
    for name, decay in (("grasp-resnet32", 1e-4), ("grasp-vgg19", 5e-4)):
        grasp = resolve(name)
        assert (grasp.train.weight_decay, grasp.train.schedule.milestones) == (decay, ("80ep", "120ep"))
        assert grasp.prune.densities[-6:] == (0.1, 0.05, 0.02, 0.015, 0.01, 0.005)
    sanity = resolve("pai-sanity")
    assert sanity.controls == ("reinit:1", "shuffle-layerwise:1")
    assert (sanity.prune.rounds, sanity.prune.shots) == (100, 1)
