"""Keys of Synaptic-Flow's configurations (sparse-analysis reference, sections 3 and 4.4)."""

from typing import Any

from tombola.errors import TombolaError
from tombola.interop.old_specs.common import COMMON
from tombola.interop.old_specs.draft import (
    Draft,
    Rule,
    Values,
    ignored,
    only,
    read_elsewhere,
    to_choice,
    to_epochs,
    to_number,
    to_truth,
    to_whole,
    unused_upstream,
)
from tombola.interop.old_specs.values import choice, numbers, truth, whole

MODELS = {
    "fc": "fc",
    "rnd_fc": "fc",
    "resnet20": "resnet20",
    "resnet32": "resnet32",
    "resnet44": "resnet44",
}
STRUCTURED = "rnd_fc"
PRUNERS = {
    "rand": "random",
    "random": "random",
    "mag": "magnitude",
    "magnitude": "magnitude",
    "snip": "snip",
    "grasp": "grasp",
    "synflow": "synflow",
}
SCOPES = {"global": "global", "local": "uniform"}
NEVER = "only convolution and linear weights are prunable here"


def model(key: str, value: Any, draft: Draft, _: Values) -> None:
    """Take the network with the initialisation it had."""
    name = choice(key, value, MODELS)
    draft.put("network.architecture", name)
    residual = name.startswith("resnet")
    draft.put("network.weight_init", "kaiming-normal" if residual else "uniform-fan-in")
    draft.put("network.bias_init", "zeros" if residual else "uniform-fan-in")


def model_class(key: str, value: Any, draft: Draft, values: Values) -> None:
    """Check that the class has the network; it says which of several files it was defined in."""
    found = choice(key, value, {"default": "default", "lottery": "lottery"})
    residual = str(values.get("model", "")).startswith("resnet")
    if residual and found == "default":
        draft.note("model_class: default has no small residual network upstream; that of 'lottery' is taken.")


def optimizer(key: str, value: Any, draft: Draft, _: Values) -> None:
    """Take the optimiser; 'momentum' was SGD with Nesterov momentum .9."""
    if str(value).strip().lower() == "rms":
        raise TombolaError(f"{key} = 'rms': RMSprop is not offered; take sgd, momentum or adam")
    name = choice(key, value, {"sgd": "sgd", "momentum": "momentum", "adam": "adam"})
    draft.put("train.optimiser", "adam" if name == "adam" else "sgd")
    if name == "momentum":
        draft.put("train.momentum", 0.9)
        draft.put("train.nesterov", True)


def lr_drops(key: str, value: Any, draft: Draft, values: Values) -> None:
    """Take the epochs at which the learning rate drops, and by what factor."""
    drops = [whole(key, drop) for drop in numbers(key, value)]
    if drops:
        draft.put("train.schedule.kind", "steps")
        draft.put("train.schedule.milestones", [f"{drop}ep" for drop in drops])
        to_number("train.schedule.factor")("lr_drop_rate", values.get("lr_drop_rate", 0.1), draft, values)


def level_list(key: str, value: Any, draft: Draft, _: Values) -> None:
    """Take how often the rounds are gone through; 0 stands for no pruning."""
    levels = sorted({whole(key, entry) for entry in numbers(key, value)})
    if levels == [0]:
        draft.put("prune.procedure", "dense")
        draft.note("level_list: [0] means no pruning, so the dense network is trained.")
    elif len(levels) != 1 or levels[0] < 1:
        raise TombolaError(
            f"{key} = {value}: a run has one number of levels (prune.shots); give one, and a run for each of the others"
        )
    else:
        draft.put("prune.shots", levels[0])


def compression_list(key: str, value: Any, draft: Draft, values: Values) -> None:
    """Take exponents c of densities 10^-c, one level of ours for each."""
    exponents = sorted(set(numbers(key, value)))
    if values.get("level_list") in ([0], 0, "0", "[0]") or exponents == [0] or values.get("model") == STRUCTURED:
        return
    if not exponents or exponents[0] < 0:
        raise TombolaError(f"{key} = {value}: positive exponents are needed, for densities of 10^-c")
    if exponents[0] == 0:
        draft.note("compression 0 is the dense network, which is level 0 here.")
    draft.put("prune.densities", [f"10^-{exponent:g}" for exponent in exponents if exponent > 0])


def shuffle(key: str, value: Any, draft: Draft, _: Values) -> None:
    """Take the shuffle, which did nothing upstream."""
    draft.put("prune.shuffle", truth(key, value))
    if truth(key, value):
        draft.note("shuffle: true moved nothing upstream, by a fault; here it moves the mask.")


SYNFLOW: dict[str, Rule] = COMMON | {
    "model": model,
    "model_class": model_class,
    "optimizer": optimizer,
    "lr": to_number("train.lr"),
    "lr_drops": lr_drops,
    "lr_drop_rate": read_elsewhere,
    "weight_decay": to_number("train.weight_decay"),
    "train_batch_size": to_whole("train.batch_size"),
    "test_batch_size": ignored("the size of evaluation batches changes no result"),
    "pre_epochs": to_epochs("prune.pretrain"),
    "post_epochs": to_epochs("train.length"),
    "prune_epochs": to_whole("prune.rounds"),
    "prune_batch_size": to_whole("prune.score_batch"),
    "prune_dataset_ratio": to_whole("prune.samples_per_class"),
    "compression_list": compression_list,
    "level_list": level_list,
    "pruner": to_choice("prune.score", PRUNERS),
    "mask_scope": to_choice("prune.allocation", SCOPES),
    "compression_schedule": to_choice("prune.ramp", {"exponential": "exponential", "linear": "linear"}),
    "prune_bias": only(False, NEVER),
    "prune_batchnorm": only(False, NEVER),
    "prune_residual": only(False, NEVER),
    "prune_train_mode": to_choice("prune.score_mode", {"true": "train", "false": "eval"}),
    "reinitialize": to_truth("prune.reinitialise"),
    "shuffle": shuffle,
    "invert": to_truth("prune.invert"),
    "batch_size": unused_upstream,
    "lmbda": unused_upstream,
    "compression": ignored("compression_list counts"),
    "config": ignored("it names the file the values were read from"),
    "dense_classifier": only(False, "say so by network.prunable: [hidden]"),
    "no_cuda": ignored("the device is chosen by --engine.device"),
    "pretrained": only(False, "every run begins at its own initialisation"),
    "prune_epoch_list": ignored("prune_epochs counts"),
    "pruner_list": ignored("pruner counts"),
    "result_dir": ignored("run folders lie in --out"),
    "save": ignored("what is kept is said by store.keep"),
}
"""Key -> rule; those after ``lmbda`` are in stored arguments only, not in configurations."""

BASE: dict[str, Any] = {
    "replicates": 1,
    "train": {"record_every": "1ep", "test_curve": True},
    "prune": {"procedure": "at-init", "allocation": "global", "rounding": "floor", "ties": "seeded"},
}
"""What every such configuration means without saying it: one replicate, rounds at initialisation, its counts."""


def finish(draft: Draft, values: Values) -> None:
    """Settle what depends on several keys."""
    if draft.spec["prune"].get("procedure") == "dense":
        draft.spec["prune"] = {"procedure": "dense"}
    elif values.get("model") == STRUCTURED:
        draft.spec["prune"] = {"procedure": "structured-random", "levels": 1}
    elif "densities" not in draft.spec["prune"]:
        if str(values.get("compression_list", "")).strip("[] ") in ("0", "0.0"):
            draft.spec["prune"] = {"procedure": "dense"}
        else:
            raise TombolaError("compression_list is missing: it says to which densities (10^-c) is pruned")
    draft.note(
        "Upstream trained on every training image and had no validation images; here some are held out "
        "(data.validation), because the early stop is found on them."
    )
