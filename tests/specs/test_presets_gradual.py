"""Presets of gradual pruning (explainability reference, sections 1, 2.3, 3.1, 3.2 and 4.1)."""

import pytest

from tombola.specs import preset_names, resolve

GRADUAL = [name for name in preset_names() if resolve(name).prune.procedure == "gradual"]
RATES = (2, 4, 8, 16, 32, 64)


def test_they_are_all_here() -> None:
    assert set(GRADUAL) == {
        "vgg-small-shapes",
        "vgg16-imagenette",
        "vgg16-imagenette-published",
        "resnet18-imagenette",
    }


@pytest.mark.parametrize("name", GRADUAL)
def test_what_they_share(name: str) -> None:
    spec = resolve(name)
    assert (spec.prune.rates, spec.prune.levels, spec.network.prunable) == (RATES, 6, ("conv",))
    assert (spec.prune.score, spec.prune.allocation) == ("magnitude", "layerwise")
    assert spec.train.converge.active


def test_the_published_recipe() -> None:
    spec = resolve("vgg16-imagenette-published")
    train = spec.train
    assert (train.optimiser, train.lr, train.momentum, train.weight_decay, train.batch_size) == (
        *("sgd", 1e-3, 0.9, 1e-4),
        64,
    )
    assert (train.length, spec.prune.finetune, train.schedule.kind) == ("100ep", "50ep", "constant")
    assert (train.converge.rule, train.converge.metric, train.converge.delta, train.converge.patience) == (
        *("relative", "val_accuracy", 0.01),
        10,
    )
    data = spec.data
    assert (data.size, data.fit, data.split, data.normalisation) == (224, "squash", "published", "unit")
    assert data.augment == ("flip", "vflip", "rotate:10")
    assert (spec.replicates, spec.controls, spec.network.weights) == (1, (), "imagenet")


@pytest.mark.parametrize("name", ["vgg16-imagenette", "resnet18-imagenette", "vgg-small-shapes"])
def test_the_others_choose_better_rules(name: str) -> None:
    spec = resolve(name)
    assert spec.train.converge.rule == "absolute"
    assert spec.data.normalisation == "imagenet"
    assert "vflip" not in spec.data.augment
    assert spec.controls == ("random-pruning:1", "dense-budget:1")
    assert spec.replicates == 3
