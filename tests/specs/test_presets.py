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


@pytest.mark.parametrize("name", TABLE)
def test_one_shot_presets_differ_in_the_procedure_only(name: str) -> None:
    # playground.md 6.2 and 9
    assert resolve(f"osp-{name}") == resolve(name, changes={"name": f"osp-{name}", "prune": {"procedure": "one-shot"}})


@pytest.mark.parametrize(
    ("name", "lr", "length", "conv_rate"),
    [
        ("lenet", 1.2e-3, "55ep", 0),
        ("conv2", 2e-4, "27ep", 0.1),
        ("conv4", 3e-4, "34ep", 0.1),
        ("conv6", 3e-4, "40ep", 0.15),
    ],
)
def test_zhou2019(name: str, lr: float, length: str, conv_rate: float) -> None:
    # field.md 2.2, and D13 for truncated counts
    spec = resolve(f"zhou2019-{name}")
    train, prune, network = spec.train, spec.prune, spec.network
    assert (train.optimiser, train.lr, train.length, train.batch_size) == ("adam", lr, length, 60)
    assert (train.record_every, train.test_curve) == ("100st", True)
    assert (prune.conv_rate, prune.linear_rate, prune.output_rate, prune.levels) == (conv_rate, 0.2, 0.1, 24)
    assert (prune.rounding, prune.ties) == ("floor", "seeded")
    assert (network.activation, network.bias_init) == ("relu", "zeros")
    assert (spec.data.normalisation, spec.data.validation) == ("unit", 5000)


def test_lmc_lenet() -> None:
    # field.md 2.4 (from memory there)
    spec = resolve("lmc-lenet")
    assert (spec.train.optimiser, spec.train.lr, spec.train.length, spec.train.batch_size) == (
        *("adam", 1.2e-3, "24000st", 60),
    )
    assert (spec.network.activation, spec.replicates) == ("relu", 3)


def test_renda_2020() -> None:
    # field.md 2.3
    spec = resolve("renda-resnet20")
    assert (spec.train.length, spec.train.batch_size, spec.train.weight_decay) == ("182ep", 128, 2e-4)
    assert spec.train.schedule.milestones == ("91ep", "136ep")
    assert (spec.prune.rate, spec.prune.allocation, spec.prune.procedure) == (0.2, "global", "iterative")
    rewinds = {name: resolve(f"renda-resnet20-{name}").prune.rewind for name in ("epoch12", "init", "finetune")}
    assert rewinds == {"epoch12": f"step:{12 * (45000 // 128)}", "init": "init", "finetune": "none"}
    assert resolve("renda-resnet20-oneshot").prune.procedure == "one-shot"


def test_residual_and_vgg_networks_of_frankle_and_carbin() -> None:
    # field.md 2.1
    resnet, vgg = resolve("fc2019-resnet18"), resolve("fc2019-vgg19")
    assert (resnet.train.length, resnet.train.batch_size) == ("30000st", 128)
    assert (vgg.train.length, vgg.train.batch_size) == ("112000st", 64)
    assert vgg.train.schedule.milestones == ("80ep", "120ep")
    assert {spec.prune.rate for spec in (resnet, vgg)} == {0.2}
    assert {spec.network.prunable for spec in (resnet, vgg)} == {("conv",)}
