import pytest

from tombola.specs import resolve

# playground.md section 2: lr, length, conv rate, linear rate, output rate, levels, replicates, record interval
TABLE = {
    "lenet-mnist": (1.2e-3, "55ep", 0, 0.2, 0.1, 3, 3, "100st"),
    "conv2-cifar10": (2e-4, "27ep", 0.1, 0.2, 0.1, 3, 3, "100st"),
    "conv4-cifar10": (3e-4, "34ep", 0.1, 0.2, 0.1, 3, 3, "100st"),
    "conv6-cifar10": (3e-4, "40ep", 0.15, 0.2, 0.1, 3, 3, "100st"),
    "tiny-cifar10": (8e-4, "27ep", 0.1, 0.2, 0.1, 3, 1, "150st"),
}


@pytest.mark.parametrize("name", TABLE)
def test_presets_hold_the_published_values(name: str) -> None:
    spec = resolve(name)
    train, prune = spec.train, spec.prune
    rates = (prune.conv_rate, prune.linear_rate, prune.output_rate)
    found = (train.lr, train.length, *rates, prune.levels, spec.replicates, train.record_every)
    assert found == TABLE[name]
    assert (train.optimiser, train.batch_size, train.beta1, train.beta2, train.eps) == ("adam", 60, 0.9, 0.999, 1e-8)
    assert (train.weight_decay, train.schedule.kind, train.precision, spec.data.augment) == (0, "constant", "fp32", ())
    assert (prune.allocation, prune.score, prune.procedure, prune.reset) == (
        "layerwise",
        "magnitude",
        "iterative",
        "full",
    )
    assert spec.data.normalisation == ("mnist" if name == "lenet-mnist" else "imagenet")
    assert spec.data.validation == 5000
    assert spec.network.bias_init == "uniform-fan-in"
    assert spec.network.activation == ("tanh" if name == "lenet-mnist" else "relu")


@pytest.mark.parametrize(
    ("name", "plan"),
    [
        ("conv2-cifar10", "64 64 M | 256 256"),
        ("conv4-cifar10", "64 64 M 128 128 M | 256 256"),
        ("conv6-cifar10", "64 64 M 128 128 M 256 256 M | 256 256"),
        ("tiny-cifar10", "8 8 M 8 M | 300 100"),
        ("lenet-mnist", " | 300 100"),
    ],
)
def test_plans(name: str, plan: str) -> None:
    network = resolve(name).network
    assert f"{' '.join(network.conv)} | {' '.join(network.linear)}" == plan


@pytest.mark.parametrize(
    ("name", "length"),
    [("fc2019-lenet", 50000), ("fc2019-conv2", 20000), ("fc2019-conv4", 25000), ("fc2019-conv6", 30000)],
)
def test_fc2019_trains_the_exact_steps_of_the_paper(name: str, length: int) -> None:
    # field.md 2.1
    spec = resolve(name)
    assert spec.train.length == f"{length}st"
    assert (spec.replicates, spec.controls, spec.prune.levels) == (5, ("reinit:3",), 20)
    assert spec.network.activation == "relu"


def test_the_three_lenets_differ_as_their_sources_do() -> None:
    # field.md 2.1, the trap
    paper, google, openlth = (resolve(f"fc2019-lenet{suffix}") for suffix in ("", "-google", "-openlth"))
    assert (paper.train.optimiser, paper.train.lr) == ("adam", 1.2e-3)
    assert (google.train.optimiser, google.train.lr, google.train.length) == ("sgd", 0.1, "50000st")
    assert (openlth.train.length, openlth.train.batch_size, openlth.network.weight_init) == (
        "40ep",
        128,
        "kaiming-normal",
    )
    assert (openlth.prune.allocation, openlth.network.prunable) == ("global", ("hidden",))
