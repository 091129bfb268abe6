import pytest

from tombola.specs import ExperimentSpec, resolve
from tombola.specs.keys import job_key, merge, run_key

BASE = resolve("lenet-mnist")


def test_defaults_are_pinned() -> None:
    # keys leave defaults out, so a changed default would give old results a new meaning
    assert ExperimentSpec().resolved() == {
        "name": "experiment",
        "seed": 0,
        "replicates": 3,
        "data": {
            "name": "mnist-5k",
            "root": None,
            "validation": None,
            "train": None,
            "size": None,
            "fit": "crop",
            "split": "drawn",
            "split_file": None,
            "normalisation": "unit",
            "augment": [],
        },
        "network": {
            "architecture": "plan",
            "family": "lenet",
            "conv": [],
            "linear": [],
            "activation": "tanh",
            "bias": "all",
            "dropout": 0.0,
            "factory": None,
            "weights": None,
            "weight_init": "glorot-normal",
            "bias_init": "uniform-fan-in",
            "prunable": ["all"],
        },
        "train": {
            "length": "10ep",
            "batch_size": 60,
            "optimiser": "adam",
            "lr": 0.0012,
            "momentum": 0.0,
            "nesterov": False,
            "beta1": 0.9,
            "beta2": 0.999,
            "eps": 1e-08,
            "weight_decay": 0.0,
            "schedule": {"kind": "constant", "milestones": [], "factor": 0.1, "warmup": "0st"},
            "precision": "fp32",
            "record_every": "100st",
            "test_curve": False,
            "validation_loss": "sample-mean",
            "converge": {"rule": "none", "metric": "val_accuracy", "delta": None, "patience": 10, "minimum": 0},
        },
        "prune": {
            "rounds": 1,
            "ramp": "exponential",
            "shots": 1,
            "pretrain": "0st",
            "samples_per_class": 10,
            "score_batch": 256,
            "score_mode": "eval",
            "invert": False,
            "shuffle": False,
            "reinitialise": False,
            "rescale": False,
            "procedure": "iterative",
            "levels": 3,
            "densities": [],
            "rates": [],
            "finetune": None,
            "group": 4,
            "score": "magnitude",
            "allocation": "layerwise",
            "rate": 0.2,
            "conv_rate": 0.1,
            "linear_rate": 0.2,
            "output_rate": 0.1,
            "rounding": "ceil",
            "counts": "iterated",
            "ties": "index",
            "floor": 0,
            "rewind": "init",
            "reset": "full",
            "pruned": "zero",
            "control_init": "full",
            "source": None,
            "source_levels": [],
        },
        "search": {
            "length": None,
            "optimiser": "sgd",
            "lr": 0.1,
            "schedule": "cosine",
            "momentum": 0.9,
            "weight_decay": 0.0,
            "score_init": "default",
            "scope": "layerwise",
            "scale_fan": False,
            "period": "2ep",
            "prune_type": "bottom-k",
            "rounding": "exact",
            "unflag": False,
            "balance": True,
            "regulariser": "l2",
            "strength": 0.0001,
            "alpha": 1.0,
            "alpha_prime": 1.0,
            "noise": 0.0,
            "signed_constant": False,
            "dynamic_scale": False,
        },
        "dynamic": {
            "update_every": "100st",
            "fraction": 0.3,
            "decay": "cosine",
            "until": 0.75,
            "distribution": "erk",
        },
        "controls": [],
        "control_levels": "all",
        "engine": {"kind": "auto", "device": "auto", "threads": 1},
        "store": {"keep": "all"},
        "plugins": [],
        "compat": "none",
    }


def test_keys_are_pinned() -> None:
    assert run_key(BASE) == "33871a0cd244"
    assert job_key(BASE, None, replicate=0) == "f4260101e8d0"


@pytest.mark.parametrize(
    "changes",
    [
        {"replicates": 9},
        {"prune": {"levels": 9}},
        {"controls": ["reinit:3"]},
        {"name": "other"},
        {"data": {"root": "elsewhere"}},
        {"store": {"keep": "masks"}},
    ],
)
def test_growth_and_places_leave_keys_alone(changes: dict[str, object]) -> None:
    changed = resolve("lenet-mnist", changes=changes)
    assert run_key(changed) == run_key(BASE)
    assert job_key(changed, "p", replicate=1, level=2) == job_key(BASE, "p", replicate=1, level=2)


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1},
        {"train": {"lr": 1e-3}},
        {"train": {"schedule": {"warmup": "5st"}}},
        {"network": {"activation": "relu"}},
        {"data": {"validation": 100}},
        {"train": {"record_every": 50}},
    ],
)
def test_what_determines_results_changes_keys(changes: dict[str, object]) -> None:
    changed = resolve("lenet-mnist", changes=changes)
    assert run_key(changed) != run_key(BASE)
    assert job_key(changed, None, replicate=0) != job_key(BASE, None, replicate=0)


def test_pruning_does_not_touch_the_dense_level() -> None:
    changed = resolve("lenet-mnist", changes={"prune": {"linear_rate": 0.5}})
    assert job_key(changed, None, replicate=0) == job_key(BASE, None, replicate=0)
    assert job_key(changed, "p", replicate=0, level=1) != job_key(BASE, "p", replicate=0, level=1)
    assert run_key(changed) != run_key(BASE)


def test_parents_and_places_change_job_keys() -> None:
    keys = {
        job_key(BASE, parent, replicate=replicate, level=level, control=control)
        for parent in ("a", "b")
        for replicate in (0, 1)
        for level in (1, 2)
        for control in (None, "reinit")
    }
    assert len(keys) == 16


def test_merge_of_exclusions() -> None:
    assert merge({"a": {"b"}}, {"a": {"c"}}, {"d": True}) == {"a": {"b", "c"}, "d": True}
    assert merge({"a": True}, {"a": {"c"}}) == {"a": True}
    assert merge({"a": {"c"}}, {"a": True}) == {"a": True}
