"""Configurations of Synaptic-Flow and Gem-Miner: every key of the reference's section 4.4 by name."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tombola.cli.main import main
from tombola.errors import TombolaError
from tombola.interop.old_specs import convert, is_old, known_keys
from tombola.specs import ExperimentSpec, resolve
from tombola.specs.resolve import validate

COMMON = ["experiment", "seed", "gpu", "workers", "verbose", "expid", "name"]
SYNFLOW = [
    "model",
    "model_class",
    "dataset",
    "optimizer",
    "lr",
    "lr_drops",
    "lr_drop_rate",
    "weight_decay",
    "train_batch_size",
    "test_batch_size",
    "pre_epochs",
    "post_epochs",
    "prune_epochs",
    "prune_batch_size",
    "prune_dataset_ratio",
    "compression_list",
    "level_list",
    "pruner",
    "mask_scope",
    "compression_schedule",
    "prune_bias",
    "prune_batchnorm",
    "prune_residual",
    "prune_train_mode",
    "reinitialize",
    "shuffle",
    "invert",
    "batch_size",
    "lmbda",
]
GEM_MINER = [
    "arch",
    "algo",
    "iter_period",
    "target_sparsity",
    "prune_type",
    "prune_rate",
    "init",
    "score_init",
    "scale_fan",
    "round",
    "noise",
    "noise_ratio",
    "hc_quantized",
    "quantize_threshold",
    "regularization",
    "lmbda",
    "wd",
    "momentum",
    "lr",
    "lr_policy",
    "epochs",
    "fine_tune_lr",
    "fine_tune_lr_policy",
    "fine_tune_wd",
    "unflag_before_finetune",
    "conv_type",
    "bn_type",
    "freeze_weights",
    "trial_num",
    "checkpoint_at_prune",
    "skip_sanity_checks",
    "skip_fine_tune",
    "only_sanity",
    "invert_sanity_check",
    "override_prune_rate",
    "alpha",
    "alpha_prime",
    "smart_ratio",
    "sr_version",
    "imp_rounds",
    "imp_rewind_iter",
    "imp_no_rewind",
    "submask_size",
    "metric",
    "pruning_strategy",
    "how_to_prune",
    "start_from_nothing",
    "loss",
    "hidden_size",
]
UNUSED = ["submask_size", "metric", "pruning_strategy", "how_to_prune", "start_from_nothing", "loss", "hidden_size"]

FC: dict[str, Any] = {
    **{"experiment": "synflow", "model": "fc", "model_class": "default", "dataset": "mnist", "optimizer": "sgd"},
    **{"lr": 0.1, "lr_drops": [], "lr_drop_rate": 0.1, "weight_decay": 0.0, "train_batch_size": 64, "pre_epochs": 0},
    **{"post_epochs": 25, "prune_epochs": 1, "compression_list": [1], "level_list": [10], "pruner": "synflow"},
    **{
        "mask_scope": "global",
        "compression_schedule": "exponential",
        "seed": 21,
        "expid": "fc 10 %",
        "batch_size": 128,
    },
    **{"prune_bias": "False", "shuffle": "False", "invert": "false", "lmbda": 0},
}
"""FC of the SynFlow family (reference, section 2.4)."""

RESNET: dict[str, Any] = {
    **{"experiment": "gem_miner", "arch": "resnet20", "algo": "hc_iter", "epochs": 150, "lr": 0.05, "wd": 0},
    **{"lr_policy": "cosine_lr", "momentum": 0.9, "fine_tune_lr": 0.1, "fine_tune_lr_policy": "multistep_lr"},
    **{
        "fine_tune_wd": "1e-4",
        "iter_period": 5,
        "target_sparsity": 5,
        "prune_type": "BottomK",
        "init": "signed_constant",
    },
    **{"score_init": "unif", "round": "naive", "regularization": "L2", "lmbda": 1e-6, "seed": 21, "trial_num": 2},
    **{"hc_quantized": True, "unflag_before_finetune": "False", "skip_sanity_checks": True, "dataset": "CIFAR10"},
}
"""ResNet-20 of the Gem-Miner family (reference, section 2.4)."""


def resolved(values: dict[str, Any], tmp_path: Path, **changes: Any) -> ExperimentSpec:
    """What a run would be: default < file < command line."""
    (tmp_path / "converted.yml").write_text(yaml.safe_dump(convert(values)[0]))
    return resolve(file=tmp_path / "converted.yml", changes=changes)


def test_the_synflow_recipe(tmp_path: Path) -> None:
    spec = resolved(FC, tmp_path)
    assert (spec.name, spec.seed, spec.replicates) == ("fc_10", 21, 1)
    assert (spec.network.architecture, spec.network.weight_init) == ("fc", "uniform-fan-in")
    assert (spec.data.name, spec.data.normalisation, spec.data.augment) == ("mnist", "mnist", ())
    train = spec.train
    assert (train.length, train.batch_size, train.optimiser, train.lr, train.momentum) == ("25ep", 64, "sgd", 0.1, 0)
    prune = spec.prune
    assert (prune.procedure, prune.score, prune.allocation, prune.densities) == ("at-init", "synflow", "global", (0.1,))
    assert (prune.shots, prune.rounds, prune.ramp, prune.rounding) == (10, 1, "exponential", "floor")
    assert (prune.shuffle, prune.invert) == (False, False)
    assert (
        resolved(FC, tmp_path, train={"epochs": 3}, seed=5).train.length == "3ep"
    )  # the command line has the last word


def test_the_gem_miner_recipe(tmp_path: Path) -> None:
    spec = resolved(RESNET, tmp_path)
    assert spec.seed == 42  # the trial's number times the seed
    assert (spec.network.architecture, spec.network.weight_init) == ("resnet20-gem", "signed-kaiming")
    assert spec.network.prunable == ("all", "!*shortcut*")
    assert (spec.data.name, spec.data.validation, spec.data.augment) == ("cifar10", 5000, ("crop:4", "flip"))
    assert (spec.prune.procedure, spec.prune.densities) == ("gem-miner", (0.05,))
    search = spec.search
    assert (search.length, search.lr, search.schedule, search.weight_decay) == ("150ep", 0.05, "cosine", 0)
    assert (search.period, search.prune_type, search.rounding, search.unflag) == ("5ep", "bottom-k", "threshold", False)
    assert (search.score_init, search.regulariser, search.strength) == ("uniform", "l2", 1e-6)
    train = spec.train
    assert (train.length, train.lr, train.weight_decay, train.batch_size) == ("150ep", 0.1, 1e-4, 128)
    assert (train.schedule.kind, train.schedule.milestones, train.schedule.factor) == ("steps", ("80ep", "120ep"), 0.1)
    assert spec.controls == ()


@pytest.mark.parametrize(("family", "keys"), [("synflow", COMMON + SYNFLOW), ("gem_miner", COMMON + GEM_MINER)])
def test_every_key_is_known(family: str, keys: list[str]) -> None:
    assert set(keys) <= set(known_keys(family))


SYNFLOW_VALUES: dict[str, list[Any]] = {
    **{"model": ["fc", "rnd_fc", "resnet20", "resnet32", "resnet44"], "model_class": ["default", "lottery"]},
    **{"dataset": ["mnist", "cifar10"], "optimizer": ["sgd", "momentum", "adam"], "lr": [0.01, "1e-2"]},
    **{"lr_drops": [[], [60, 120], "60, 120"], "lr_drop_rate": [0.2], "weight_decay": ["5e-4"]},
    **{"train_batch_size": [128], "test_batch_size": [256], "pre_epochs": [0, 2], "post_epochs": [160]},
    **{"prune_epochs": [100], "prune_batch_size": [256], "prune_dataset_ratio": [10]},
    **{"compression_list": [[0.3, 1.7], 1, [0]], "level_list": [[0], [1], 10]},
    **{"pruner": ["rand", "mag", "snip", "grasp", "synflow"], "mask_scope": ["global", "local"]},
    **{"compression_schedule": ["exponential", "linear"], "prune_bias": [False], "prune_batchnorm": ["False"]},
    **{"prune_residual": ["no"], "prune_train_mode": [True, "False"], "reinitialize": ["True"], "shuffle": [True]},
    **{"invert": [True], "batch_size": [128], "lmbda": [0.1], "seed": [42], "gpu": [0], "workers": [4]},
    **{"verbose": [True], "expid": ["some name"], "name": ["other"], "experiment": ["synflow"]},
}
GEM_VALUES: dict[str, list[Any]] = {
    **{"arch": ["fc", "FC", "resnet20", "resnet56"], "algo": ["ep", "hc_iter", "global_ep", "global_ep_iter", "imp"]},
    **{"iter_period": [5], "target_sparsity": [1.4, 50], "prune_type": ["BottomK", "FixThresholding", "LocalBottomK"]},
    **{"prune_rate": [0.2], "init": ["signed_constant", "kaiming_normal"], "scale_fan": [True], "noise": [True, False]},
    **{"score_init": ["unif", "half", "bern", "bimodal", "skew"], "round": ["naive", "prob", "all_ones"]},
    **{"noise_ratio": [0.1], "hc_quantized": ["True"], "quantize_threshold": [0.5], "lmbda": [1e-4], "wd": ["5e-4"]},
    **{
        "regularization": ["L2", "L1", "L1_L2", "var_red_1", "var_red_2", "bin_entropy"],
        "momentum": [0.9],
        "lr": [0.1],
    },
    **{"lr_policy": ["cosine_lr", "constant_lr"], "epochs": [25, 160], "fine_tune_lr": [0.01], "fine_tune_wd": [0]},
    **{"fine_tune_lr_policy": ["constant_lr", "multistep_lr", "cosine_lr"], "unflag_before_finetune": [True]},
    **{"conv_type": ["SubnetConv"], "bn_type": ["NonAffineBatchNorm"], "freeze_weights": [True], "trial_num": [3]},
    **{"checkpoint_at_prune": [False], "skip_sanity_checks": [True, False], "skip_fine_tune": [False]},
    **{"only_sanity": [False], "invert_sanity_check": [False], "override_prune_rate": ["False"], "alpha": [1.0]},
    **{"alpha_prime": [1.0], "smart_ratio": [-1, 0.05], "sr_version": [1], "imp_rounds": [5]},
    **{"imp_rewind_iter": [1000], "imp_no_rewind": [True], "seed": [42], "gpu": [0], "workers": [4], "verbose": [1]},
    **{"expid": ["a"], "name": ["b"], "experiment": ["gem_miner"], **{key: ["x"] for key in UNUSED}},
}
CASES = [("synflow", key, value) for key, values in SYNFLOW_VALUES.items() for value in values] + [
    ("gem_miner", key, value) for key, values in GEM_VALUES.items() for value in values
]


def test_every_key_is_tried_here() -> None:
    assert set(COMMON + SYNFLOW) == set(SYNFLOW_VALUES)
    assert set(COMMON + GEM_MINER) == set(GEM_VALUES)


@pytest.mark.parametrize(("family", "key", "value"), CASES)
def test_a_key_alone_makes_a_valid_spec_or_is_named(family: str, key: str, value: Any) -> None:
    """What a key changes is in the spec; what changes nothing is named in a note, or is at its only value."""
    least = {"synflow": FC, "gem_miner": RESNET | {"prune_rate": 0.2}}[family]
    spec, notes = convert(least | {key: value})
    validate(spec)
    if key in UNUSED or (family == "synflow" and key in ("batch_size", "lmbda")):
        assert f"{key} was ignored upstream, and is ignored here." in notes
    for sentence in notes:
        assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (
            FC | {"prunner": "snip"},
            r"unknown key 'prunner' in a configuration of Synaptic-Flow \(did you mean 'pruner'",
        ),
        (FC | {"iter_period": 2}, "unknown key 'iter_period' .* it is one of Gem-Miner"),
        (RESNET | {"arhc": "fc"}, r"unknown key 'arhc' .*did you mean 'arch'"),
        (FC | {"prune_bias": True}, "prune_bias: true cannot be had: only convolution"),
        (FC | {"optimizer": "rms"}, "RMSprop is not offered"),
        (FC | {"level_list": [1, 10]}, "level_list = .* one number of levels"),
        (FC | {"invert": "perhaps"}, "invert = 'perhaps': true or false is needed"),
        (FC | {"lr": True}, "lr = True: a number is needed"),
        (FC | {"pruner": "snap"}, r"pruner = 'snap' is not known \(did you mean 'snip'"),
        (FC | {"compression_list": None}, "compression_list is missing"),
        (FC | {"model": None}, "model is missing"),
        (RESNET | {"algo": "hc"}, "algo = 'hc' is not offered: .* hc_iter"),
        (RESNET | {"target_sparsity": 100}, "target_sparsity: more than nothing and less than everything"),
        (RESNET | {"target_sparsity": None}, "target_sparsity is missing"),
        (RESNET | {"freeze_weights": False}, "freeze_weights: false cannot be had"),
        (RESNET | {"quantize_threshold": 0.4}, "rounded at .5"),
        (RESNET | {"lr_policy": "multistep_lr"}, "a constant or a cosine schedule"),
        (RESNET | {"only_sanity": "True"}, "only_sanity: true cannot be had: .*tombola control"),
        ({"experiment": "synfow", "model": "fc"}, r"experiment = 'synfow' is not known \(did you mean 'synflow'"),
        ({"lr": 1, "seed": 2, "lmbda": 3, "dataset": "mnist"}, "may be one of .* say experiment"),
    ],
)
def test_what_cannot_be_had_is_told_by_name(values: dict[str, Any], told: str) -> None:
    with pytest.raises(TombolaError, match=told):
        convert(values)


def test_special_values(tmp_path: Path) -> None:
    dense = resolved(FC | {"level_list": [0]}, tmp_path)
    assert (dense.prune.procedure, dense.prune.levels) == ("dense", 0)
    several = resolved(FC | {"compression_list": [1.7, 0.3, 1]}, tmp_path)
    assert several.prune.densities == pytest.approx((10**-0.3, 0.1, 10**-1.7))
    assert resolved(FC | {"model": "rnd_fc"}, tmp_path).prune.procedure == "structured-random"
    local = resolved(FC | {"mask_scope": "local", "optimizer": "momentum"}, tmp_path)
    assert (local.prune.allocation, local.train.momentum, local.train.nesterov) == ("uniform", 0.9, True)
    popup = resolved(RESNET | {"algo": "ep", "prune_rate": 0.3}, tmp_path)
    assert (popup.prune.procedure, popup.prune.densities, popup.search.scope) == ("edge-popup", (0.3,), "layerwise")
    changes = {"algo": "imp", "prune_rate": 0.8, "imp_rounds": 4, "imp_rewind_iter": 1000, "lr_policy": "multistep_lr"}
    imp = resolved(RESNET | changes, tmp_path)
    assert (imp.prune.procedure, imp.prune.allocation, imp.prune.levels) == ("iterative", "global", 4)
    assert (imp.prune.rate, imp.prune.rewind) == (pytest.approx(0.2), "step:1000")
    assert (imp.train.lr, imp.train.length, imp.train.schedule.milestones) == (0.05, "150ep", ("80ep", "120ep"))
    assert resolved(RESNET | changes | {"imp_no_rewind": "True"}, tmp_path).prune.rewind == "lr"
    smart = resolved(RESNET | {"smart_ratio": 0.05}, tmp_path)
    assert (smart.prune.score, smart.prune.allocation, smart.prune.densities) == ("random", "smart-ratio", (0.05,))
    checked = resolved(RESNET | {"skip_sanity_checks": "False"}, tmp_path)
    assert checked.controls == ("reinit:1", "shuffle-layerwise:1")
    noisy = resolved(RESNET | {"noise": "True", "noise_ratio": 0.2}, tmp_path)
    assert (noisy.search.noise, resolved(RESNET | {"noise": "False", "noise_ratio": 0.2}, tmp_path).search.noise) == (
        0.2,
        0,
    )


@pytest.mark.parametrize(
    ("values", "old"),
    [
        ({"experiment": "synflow"}, True),
        ({"pruner": "snip", "compression_list": [1]}, True),
        ({"name": "mine", "seed": 3}, False),
        ({"base": "lenet-digits", "lr": 0.1, "pruner": "snip"}, False),
        ({"train": {"lr": 0.1}, "momentum": 0.9, "lr": 0.1}, False),
        (ExperimentSpec().resolved(), False),
    ],
)
def test_old_files_are_told_from_ours(values: dict[str, Any], old: bool) -> None:
    assert is_old(values) is old


def test_the_command_line_runs_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = FC | {"compression_list": [0.3, 1], "expid": None, "dataset": None}
    (tmp_path / "old.yml").write_text(yaml.safe_dump(small))
    flags = ["--data.name", "digits", "--data.normalisation", "digits", "--train.steps", "20", "--out", str(tmp_path)]
    assert main(["run", "--spec", str(tmp_path / "old.yml"), "--dry_run", *flags]) == 0
    printed = capsys.readouterr()
    told = " ".join((printed.err + printed.out).split())
    assert "is a configuration of Synaptic-Flow" in told
    assert "note: lmbda was ignored upstream, and is ignored here." in told
    assert "length: 20st" in told
    assert "architecture: fc" in told
    assert f"{tmp_path}/old-" in told
    (tmp_path / "bad.yml").write_text("experiment: synflow\nmodle: fc\n")
    assert main(["run", "--spec", str(tmp_path / "bad.yml"), "--dry_run"]) == 2
    assert "did you mean 'model'" in capsys.readouterr().err
