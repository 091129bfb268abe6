"""What single keys of Gem-Miner's configurations mean here (sparse-analysis reference, sections 4.1 to 4.3)."""

from typing import Any

from tombola.errors import TombolaError
from tombola.interop.old_specs.draft import Draft, Values
from tombola.interop.old_specs.values import choice, number, truth, whole

ARCHITECTURES = {"fc": "fc-gem"} | {f"resnet{depth}": f"resnet{depth}-gem" for depth in (20, 32, 44, 56)}
ALGORITHMS: dict[str, dict[str, Any]] = {
    "hc_iter": {"prune.procedure": "gem-miner", "prune.score": "magnitude"},
    "ep": {"prune.procedure": "edge-popup", "search.scope": "layerwise"},
    "global_ep": {"prune.procedure": "edge-popup", "search.scope": "global"},
    "global_ep_iter": {"prune.procedure": "edge-popup", "search.scope": "global-iterative"},
    "imp": {"prune.procedure": "iterative", "prune.score": "magnitude", "prune.allocation": "global"},
}
NOT_OFFERED = {
    "hc": "it never prunes on the way; take hc_iter",
    "pt_hack": "it is an older form; take 'probabilistic' as prune.procedure in a spec of Tombola's own",
    "pt_reg": "it is an older form; take 'probabilistic' as prune.procedure in a spec of Tombola's own",
    "ep+greedy": "greedy search is not offered; take ep",
    "greedy+ep": "greedy search is not offered; take ep",
}
INITIALISATIONS = {
    "signed_constant": "signed-kaiming",
    "kaiming_normal": "kaiming-normal",
    "kaiming_uniform": "kaiming-uniform",
    "xavier_normal": "glorot-normal",
    "glorot_uniform": "glorot-uniform",
    "standard": "default",
    "default": "default",
}
SCORE_INITIALISATIONS = {
    "unif": "uniform",
    "half": "half",
    "bern": "bernoulli",
    "bimodal": "bimodal",
    "skew": "skewed",
}
REGULARISERS = {
    "none": "none",
    "L2": "l2",
    "L1": "l1",
    "L1_L2": "l1-l2",
    "var_red_1": "power",
    "var_red_2": "weighted",
    "bin_entropy": "entropy",
}
PRUNE_TYPES = {"BottomK": "bottom-k", "FixThresholding": "threshold", "LocalBottomK": "local-bottom-k"}
ROUNDINGS = {"naive": "threshold", "prob": "probabilistic", "all_ones": "all-ones"}
POLICIES = {"constant_lr": "constant", "cosine_lr": "cosine", "multistep_lr": "steps"}
MILESTONES = {100: (50, 80), 150: (80, 120), 160: (80, 120), 200: (100, 150), 300: (150, 250)}
SANITY_CHECKS = ["reinit:1", "shuffle-layerwise:1"]
OFF = ("-1", "none", "false")


def algo(key: str, value: Any, draft: Draft, _: Values) -> None:
    """Take the procedure."""
    text = str(value).strip().lower()
    if text in NOT_OFFERED:
        raise TombolaError(f"{key} = '{value}' is not offered: {NOT_OFFERED[text]}")
    for name, meaning in choice(key, value, ALGORITHMS).items():
        draft.put(name, meaning)


def target_sparsity(key: str, value: Any, draft: Draft, values: Values) -> None:
    """Take the percent that remains; edge-popup and IMP are told by their rates."""
    if str(values.get("algo", "hc_iter")) == "hc_iter":
        draft.put("prune.densities", [_share(key, number(key, value) / 100)])
        draft.note(f"{key}: {value} is the percent that remains, as upstream.")


def prune_rate(key: str, value: Any, draft: Draft, values: Values) -> None:
    """Take the fraction that remains."""
    algorithm = str(values.get("algo", "hc_iter"))
    if algorithm == "imp":
        draft.put("prune.rate", _share(key, 1 - number(key, value)))
    elif algorithm == "hc_iter":
        draft.note(f"{key} is ignored: target_sparsity counts.")
    else:
        draft.put("prune.densities", [_share(key, number(key, value))])
    draft.note(f"{key}: {value} is the fraction that remains, as upstream.")


def _share(key: str, share: float) -> float:
    if not 0 < share < 1:
        raise TombolaError(f"{key}: more than nothing and less than everything must remain, not {share:g}")
    return float(f"{share:.12g}")


def searches(values: Values) -> bool:
    """Return whether a configuration searches for masks: IMP and smart ratios only train weights."""
    return str(values.get("algo")) != "imp" and str(values.get("smart_ratio", -1)).strip().lower() in OFF


def lr_policy(key: str, value: Any, draft: Draft, values: Values) -> None:
    """Take the schedule of the search."""
    found = choice(key, value, POLICIES)
    if not searches(values):
        return
    if found == "steps":
        raise TombolaError(f"{key} = '{value}': a search has a constant or a cosine schedule; take one of these")
    draft.put("search.schedule", found)


def fine_tune_lr_policy(key: str, value: Any, draft: Draft, values: Values) -> None:
    """Take the schedule of fine-tuning; drops come at the epochs that upstream has for each length."""
    found = choice(key, value, POLICIES)
    draft.put("train.schedule.kind", found)
    if found == "steps":
        epochs = whole("epochs", values.get("epochs", 100))
        drops = MILESTONES.get(epochs, (epochs // 2, 2 * epochs // 3))
        draft.put("train.schedule.milestones", [f"{drop}ep" for drop in drops])
        draft.put("train.schedule.factor", 0.1)


def noise(key: str, value: Any, draft: Draft, values: Values) -> None:
    """Take the noise on scores, with its ratio."""
    if truth(key, value):
        draft.put("search.noise", number("noise_ratio", values.get("noise_ratio", 0)))


def quantize_threshold(key: str, value: Any, _: Draft, __: Values) -> None:
    """Refuse other thresholds than the one there is."""
    if number(key, value) != 0.5:
        raise TombolaError(f"{key} = {value}: scores are rounded at .5 here, as published")


def skip_sanity_checks(key: str, value: Any, draft: Draft, _: Values) -> None:
    """Add the controls that upstream calls sanity checks, unless they are to be skipped."""
    if not truth(key, value):
        draft.put("controls", list(SANITY_CHECKS))
        draft.note("Sanity checks are controls here; the shuffle moves the effective mask, upstream only flags.")


def smart_ratio(key: str, value: Any, draft: Draft, _: Values) -> None:
    """Take random masks with the published ratios between layers."""
    if str(value).strip().lower() not in OFF:
        share = {"prune.procedure": "at-init", "prune.score": "random", "prune.allocation": "smart-ratio"}
        for name, meaning in (share | {"prune.densities": [_share(key, number(key, value))]}).items():
            draft.put(name, meaning)


def imp_rewind_iter(key: str, value: Any, draft: Draft, values: Values) -> None:
    """Take the step that weights are rewound to."""
    if not truth("imp_no_rewind", values.get("imp_no_rewind", False)) and str(values.get("algo")) == "imp":
        draft.put("prune.rewind", f"step:{whole(key, value)}")


def imp_no_rewind(key: str, value: Any, draft: Draft, values: Values) -> None:
    """Let weights go on as trained."""
    if truth(key, value) and str(values.get("algo")) == "imp":
        draft.put("prune.rewind", "lr")


def imp_rounds(key: str, value: Any, draft: Draft, values: Values) -> None:
    """Take the number of levels."""
    if str(values.get("algo")) == "imp":
        draft.put("prune.levels", whole(key, value))


def optimizer(key: str, value: Any, draft: Draft, _: Values) -> None:
    """Take the optimiser, of scores and weights."""
    for name in ("search.optimiser", "train.optimiser"):
        draft.put(name, choice(key, value, {"sgd": "sgd", "adam": "adam"}))
