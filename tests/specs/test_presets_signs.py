"""Recipes of the two sign analyses (signs reference, sections 1.1 to 1.4), in their corrected form."""

import pytest

from tombola.networks import build, prunable_layers
from tombola.pruning import planned_remaining
from tombola.specs import resolve

SETS = {"cifar10": (None, 5000), "cinic10": (81000, 9000), "svhn": (None, 7325)}
NAMES = [f"{system}-conv2-{data}" for system in ("signs", "sasd") for data in SETS]


@pytest.mark.parametrize("name", NAMES)
def test_what_both_have_in_common(name: str) -> None:
    spec = resolve(name)
    system, _, data = name.split("-")
    assert (spec.data.name, spec.data.train, spec.data.validation) == (data, *SETS[data])
    assert (spec.data.normalisation, spec.data.augment) == ("unit", ())
    assert (spec.network.conv, spec.network.linear) == (("64", "64", "M"), ("256", "256"))
    assert spec.network.activation == "relu"
    train = spec.train
    assert (train.optimiser, train.lr, train.batch_size, train.weight_decay) == ("adam", 2e-4, 60, 0)
    assert (train.length, train.record_every, train.test_curve) == ("5ep" if system == "signs" else "8ep", "1ep", True)
    assert (spec.prune.procedure, spec.prune.rewind, spec.prune.score) == ("iterative", "init", "magnitude")
    assert spec.prune.rounding == "percentile"


@pytest.mark.parametrize("data", SETS)
def test_levels_end_with_the_published_counts(data: str) -> None:
    found = {}
    for system in ("signs", "sasd"):
        spec = resolve(f"{system}-conv2-{data}")
        layers = prunable_layers(build(spec.network, (3, 32, 32), 10, device="meta"))
        assert [layer.size for layer in layers] == [1728, 36864, 4194304, 65536, 2560]
        found[system] = planned_remaining(layers, spec.prune)[-1]
    assert list(found["signs"].shares.values()) == [553, 11816, 351027]
    assert list(found["sasd"].remaining.values()) == [542, 11569, 360288, 5630, 804]


def test_initial_weights_and_replicates() -> None:
    signs, sasd = resolve("signs-conv2-svhn"), resolve("sasd-conv2-svhn")
    assert (signs.network.weight_init, signs.network.bias_init) == ("glorot-uniform", "zeros")
    assert (sasd.network.weight_init, sasd.network.bias_init) == ("glorot-normal", "uniform-fan-in")
    assert (signs.replicates, signs.controls) == (15, ("random:1",))
    assert (sasd.replicates, sasd.controls) == (20, ("magnitude-at-init-fresh:1",))
