"""How networks were trained and pruned, in terms of ours: as recorded, else as published."""

from collections.abc import Sequence
from typing import Any

from tombola.errors import TombolaError
from tombola.interop.imported import Findings
from tombola.interop.old_specs import convert, known_keys
from tombola.interop.sparse_analysis.collection import Group
from tombola.interop.sparse_analysis.facts import Facts
from tombola.interop.sparse_analysis.labels import DENSE, STRUCTURED
from tombola.interop.sparse_analysis.snapshot import Family

IMAGES = {"mnist": 60_000, "cifar10": 50_000}
HELD_OUT = 5_000
"""Training images that Gem-Miner leaves out."""

GEM_PUBLISHED: dict[str, dict[str, Any]] = {
    "fc": {
        **{"epochs": 25, "lr": 0.1, "wd": 5e-4, "fine_tune_lr": 0.01, "fine_tune_lr_policy": "constant_lr"},
        "iter_period": 2,
    },
    "resnet20": {
        **{"epochs": 150, "lr": 0.05, "wd": 0, "fine_tune_lr": 0.1, "fine_tune_lr_policy": "multistep_lr"},
        "iter_period": 5,
    },
}
"""Published settings of Gem-Miner (reference, section 2.4), which its folders do not record."""

GEM_ALWAYS = {
    **{"experiment": "gem_miner", "algo": "hc_iter", "prune_type": "BottomK", "score_init": "unif", "round": "naive"},
    **{"lr_policy": "cosine_lr", "momentum": 0.9, "fine_tune_wd": 1e-4, "regularization": "L2"},
}


def spec_layer(group: Group, data: str | None, findings: Findings) -> dict[str, Any]:
    """Return what is known of a group's data, training and pruning, as plain data of a spec.

    Parameters
    ----------
    group
        The networks.
    data
        The image set, where it is known.
    findings
        Where to tell what is not recorded.
    """
    family = group.places[0].facts.family
    layer = _gem(group, data, findings) if family == "gem-miner" else _synflow(group, data, findings)
    layer.pop("name", None)
    layer.pop("controls", None)
    layer.pop("network", None)
    layer.setdefault("data", {}).setdefault("name", data or "unknown")
    prune: dict[str, Any] = dict(layer.get("prune", {}))
    prune.pop("densities", None)
    if group.method == DENSE:
        prune = {"procedure": "dense"}
    elif group.method == STRUCTURED:
        prune = {"procedure": "structured-random", "levels": 1}
    elif all(0 < percent < 100 for percent in group.densities):
        prune["densities"] = [_share(group, percent) for percent in group.densities]
    else:
        prune["levels"] = len(group.densities)
    return layer | {"prune": prune}


def _share(group: Group, percent: float) -> float:
    """Return the density of a level: what was recorded of its networks if they agree, else its label."""
    recorded = {place.facts.recorded_density for place in group.places if place.facts.labelled == percent}
    value = next(iter(recorded)) if len(recorded) == 1 else None
    near = value is not None and abs(value - percent) < 0.05 * percent
    return float(f"{(value if near and value is not None else percent) / 100:.6g}")


def _synflow(group: Group, data: str | None, findings: Findings) -> dict[str, Any]:
    recorded = next((p.facts.arguments for p in group.places if p.facts.arguments and p.level > 0), None)
    recorded = recorded or next((p.facts.arguments for p in group.places if p.facts.arguments), {})
    known = {key: value for key, value in recorded.items() if key in known_keys("synflow")}
    pruned: dict[str, Any] = {"experiment": "synflow", "compression_list": [1], "level_list": [1]}
    pruned["model"] = "fc" if group.architecture == "other" else group.architecture
    wanted = pruned | {k: v for k, v in known.items() if k not in ("compression_list", "name", "expid")}
    if wanted["level_list"] in ([0], []):
        wanted["level_list"] = [1]
    try:
        layer, _ = convert(wanted)
    except TombolaError as error:
        findings.warn(f"The recorded arguments are not those of the spec: {error}.")
        layer, _ = convert(pruned | {"model": "fc"})
    if not recorded:
        findings.unknown.append("How the networks were trained and pruned: no arguments are there.")
    layer.setdefault("data", {})["validation"] = 0
    if "dataset" not in wanted:
        layer["data"] |= {"name": data or "unknown"}
    layer["seed"] = 0
    return layer


def _gem(group: Group, data: str | None, findings: Findings) -> dict[str, Any]:
    published = GEM_PUBLISHED.get(group.architecture)
    wanted: dict[str, Any] = dict(GEM_ALWAYS) | {"arch": "fc", "target_sparsity": 10} | (published or {})
    strengths = [s for place in group.places if (s := place.facts.inferred_strength) is not None]
    if strengths:
        wanted["lmbda"] = float(f"{sorted(strengths)[len(strengths) // 2]:.3g}")
    if data:
        wanted["dataset"] = data
    layer, _ = convert(wanted)
    if not data:
        layer["data"] = {"name": "unknown", "validation": HELD_OUT}
    if published:
        findings.notes.append(
            "Gem-Miner records no settings: those of the spec are the published ones, and the strength of the score "
            "regulariser is inferred from logs and scores."
        )
    else:
        findings.unknown.append("How the networks were searched for and fine-tuned: Gem-Miner records no settings.")
    return layer


def steps_per_epoch(family: Family, data: str | None, networks: Sequence[Facts]) -> int | None:
    """Return optimiser steps of an epoch, the last incomplete batch included; None where it is not known.

    Batches are of 64 images of all there are in the SynFlow family, unless recorded otherwise, and of 128 images of all
    but 5,000 in Gem-Miner's (reference, section 2.4).
    """
    if data not in IMAGES:
        return None
    images, batch = IMAGES[data], 64
    if family == "gem-miner":
        images, batch = images - HELD_OUT, 128
    for network in networks:
        recorded = network.arguments.get("train_batch_size")
        if isinstance(recorded, int) and recorded > 0:
            batch = recorded
    return -(-images // batch)
