"""Keys of Gem-Miner's configurations (sparse-analysis reference, section 4.4)."""

from typing import Any

from tombola.errors import TombolaError
from tombola.interop.old_specs import gem_rules as rules
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
from tombola.interop.old_specs.values import choice, number

GEM_MINER: dict[str, Rule] = COMMON | {
    "arch": to_choice("network.architecture", rules.ARCHITECTURES),
    "algo": rules.algo,
    "iter_period": to_epochs("search.period"),
    "target_sparsity": rules.target_sparsity,
    "prune_type": to_choice("search.prune_type", rules.PRUNE_TYPES),
    "prune_rate": rules.prune_rate,
    "init": to_choice("network.weight_init", rules.INITIALISATIONS),
    "score_init": to_choice("search.score_init", rules.SCORE_INITIALISATIONS),
    "scale_fan": to_truth("search.scale_fan"),
    "round": to_choice("search.rounding", rules.ROUNDINGS),
    "noise": rules.noise,
    "noise_ratio": read_elsewhere,
    "hc_quantized": only(True, "masks are rounded in the forward pass, as published"),
    "quantize_threshold": rules.quantize_threshold,
    "regularization": to_choice("search.regulariser", rules.REGULARISERS),
    "lmbda": to_number("search.strength"),
    "wd": to_number("search.weight_decay"),
    "momentum": to_number("search.momentum", "train.momentum"),
    "lr": to_number("search.lr"),
    "lr_policy": rules.lr_policy,
    "epochs": to_epochs("search.length", "train.length"),
    "fine_tune_lr": to_number("train.lr"),
    "fine_tune_lr_policy": rules.fine_tune_lr_policy,
    "fine_tune_wd": to_number("train.weight_decay"),
    "unflag_before_finetune": to_truth("search.unflag"),
    "conv_type": ignored("it names a class of layers, which follows from algo"),
    "bn_type": ignored("it names a class of normalisation, which follows from arch"),
    "freeze_weights": only(True, "weights are frozen while masks are searched"),
    "trial_num": read_elsewhere,
    "checkpoint_at_prune": ignored("what is kept is said by store.keep"),
    "skip_sanity_checks": rules.skip_sanity_checks,
    "skip_fine_tune": only(False, "found masks are always fine-tuned; --train.epochs 1 is the shortest"),
    "only_sanity": only(False, "controls are added to a run that is there: tombola control RUN reinit:1"),
    "invert_sanity_check": only(False, "inverting scores is an option of pruning at initialisation (prune.invert)"),
    "override_prune_rate": only(False, "how much is pruned follows from the target and the number of prunings"),
    "alpha": to_number("search.alpha"),
    "alpha_prime": to_number("search.alpha_prime"),
    "smart_ratio": rules.smart_ratio,
    "sr_version": ignored("the published ratios are taken"),
    "imp_rounds": rules.imp_rounds,
    "imp_rewind_iter": rules.imp_rewind_iter,
    "imp_no_rewind": rules.imp_no_rewind,
    "optimizer": rules.optimizer,
    "batch_size": to_whole("train.batch_size"),
    **dict.fromkeys(
        (
            *("submask_size", "metric", "pruning_strategy", "how_to_prune", "start_from_nothing", "loss"),
            "hidden_size",
        ),
        unused_upstream,
    ),
}
"""Key -> rule."""

BASE: dict[str, Any] = {
    "replicates": 1,
    "data": {"validation": 5000},
    "network": {"weight_init": "signed-kaiming", "bias_init": "zeros"},
    "train": {"optimiser": "sgd", "batch_size": 128, "momentum": 0.9, "record_every": "1ep", "test_curve": True},
    "search": {"rounding": "threshold", "balance": False},
    "prune": {"procedure": "gem-miner"},
}
"""What every such configuration means without saying it: scores as published, 5,000 images held out."""


def finish(draft: Draft, values: Values) -> None:
    """Settle what depends on several keys."""
    spec, procedure = draft.spec, draft.spec["prune"]["procedure"]
    if str(values.get("arch", "")).lower().startswith("resnet") and procedure != "iterative":
        draft.put("network.prunable", ["all", "!*shortcut*"])
    if procedure in ("iterative", "at-init"):
        _train_alone(draft, values)
    elif "densities" not in spec["prune"]:
        wanted = "target_sparsity" if procedure == "gem-miner" else "prune_rate"
        raise TombolaError(f"{wanted} is missing: it says how much is to remain")
    if procedure == "gem-miner" and spec["search"]["rounding"] == "threshold" and not spec["search"].get("unflag"):
        draft.note(
            "Scores are rounded at .5 and regularised to the end, as published, which may leave far fewer weights than "
            "target_sparsity; --search.rounding exact --search.balance true ends at it."
        )
    if procedure == "edge-popup":
        for name in ("rounding", "balance"):
            spec["search"].pop(name, None)


def _train_alone(draft: Draft, values: Values) -> None:
    """Read lengths, rates and decay as those of training, where there is no search."""
    search = draft.spec.pop("search", {})
    train = draft.spec["train"]
    for ours, key in (("lr", "lr"), ("weight_decay", "wd")):
        if key in values:
            train[ours] = number(key, values[key])
    if values.get("lr_policy") is not None:
        kind = choice("lr_policy", values["lr_policy"], rules.POLICIES)
        if kind == "steps":
            rules.fine_tune_lr_policy("lr_policy", values["lr_policy"], draft, values)
        else:
            train["schedule"] = {"kind": kind}
    if search.get("length"):
        train["length"] = search["length"]
