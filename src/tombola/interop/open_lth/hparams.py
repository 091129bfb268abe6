"""``hparams.log`` of open_lth: its hyper-parameters as text, and what they say in terms of ours."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tombola.errors import TombolaError
from tombola.interop.imported import Findings

BULLET = re.compile(r"^\s*\*\s*(\w+)\s*=>\s*(.*?)\s*$", re.MULTILINE)
PAIR = re.compile(r"(\w+)=('[^']*'|[^\s,()']+)")
LENGTH = re.compile(r"(\d+)(ep|it)")
SIZE_LIMIT = 1 << 20

NORMALISATION = {"mnist": "mnist", "cifar10": "imagenet"}
AUGMENT = {"cifar10": ["flip", "crop:4"]}
SHAPES = {"mnist": (1, 28, 28), "cifar10": (3, 32, 32)}


def read_hparams(path: Path) -> dict[str, str]:
    """Return the hyper-parameters in an ``hparams.log`` by name, as text; none where the file is missing.

    Both spellings are read: lines ``* name => value``, and ``Hparams(name='value', …)``.
    """
    if not path.is_file():
        return {}
    if path.stat().st_size > SIZE_LIMIT:
        raise TombolaError(f"{path} is larger than any list of hyper-parameters")
    text = path.read_text(encoding="utf-8", errors="replace")
    found = BULLET.findall(text) or PAIR.findall(text)
    return {name: value.strip("'\"") for name, value in found if value not in ("", "None")}


def length(text: str) -> str:
    """Return a length of open_lth as one of ours.

    Examples
    --------
    >>> length("40ep"), length("500it")
    ('40ep', '500st')
    """
    match = LENGTH.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no length")
    return f"{match[1]}{'ep' if match[2] == 'ep' else 'st'}"


def _truth(text: str) -> bool:
    return text == "True"


FIELDS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "training_steps": ("length", length),
    "batch_size": ("batch_size", int),
    "optimizer_name": ("optimiser", str),
    "lr": ("lr", float),
    "momentum": ("momentum", float),
    "weight_decay": ("weight_decay", float),
}
"""Hyper-parameter → field of ``train``, and how it is read. Nesterov momentum is the amount of it, there."""


def train_fields(hparams: Mapping[str, str], findings: Findings) -> dict[str, Any]:
    """Return the fields of ``train`` that the hyper-parameters give."""
    found: dict[str, Any] = {}
    for name, (field, read) in FIELDS.items():
        if name in hparams:
            _take(found, field, partial(read, hparams[name]), name, findings)
    if float(hparams.get("nesterov_momentum", 0) or 0) > 0:
        found |= {"momentum": float(hparams["nesterov_momentum"]), "nesterov": True}
    schedule: dict[str, Any] = {}
    if hparams.get("milestone_steps"):
        drops = [part for part in hparams["milestone_steps"].split(",") if part]
        _take(schedule, "milestones", lambda: [length(part) for part in drops], "milestone_steps", findings)
        if "milestones" in schedule:
            schedule["kind"] = "steps"
            _take(schedule, "factor", lambda: float(hparams.get("gamma", 0.1)), "gamma", findings)
    if hparams.get("warmup_steps"):
        _take(schedule, "warmup", lambda: length(hparams["warmup_steps"]), "warmup_steps", findings)
    return found | ({"schedule": schedule} if schedule else {})


def _take(target: dict[str, Any], field: str, read: Callable[[], Any], name: str, findings: Findings) -> None:
    try:
        target[field] = read()
    except ValueError as error:
        findings.warn(f"Hyper-parameter {name} is left out: {error}.")


def data_fields(hparams: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of ``data``: the set, its constants, and how training images were augmented."""
    name = hparams.get("dataset_name")
    if name is None:
        return {"name": "unknown"}
    augment = [] if _truth(hparams.get("do_not_augment", "False")) else AUGMENT.get(name, [])
    return {"name": name, "validation": 0, "normalisation": NORMALISATION.get(name, "unit"), "augment": augment}


def prune_fields(hparams: Mapping[str, str], findings: Findings) -> dict[str, Any]:
    """Return the fields of ``prune`` besides levels and rewinding."""
    strategy = hparams.get("pruning_strategy", "sparse_global")
    if strategy != "sparse_global":
        findings.warn(f"Pruning strategy {strategy!r} has no counterpart here; the masks are as they were.")
    if hparams.get("pruning_layers_to_ignore"):
        findings.notes.append(f"Layers that were never pruned: {hparams['pruning_layers_to_ignore']}.")
    found: dict[str, Any] = {"allocation": "global"}
    if "pruning_fraction" in hparams:
        _take(found, "rate", lambda: float(hparams["pruning_fraction"]), "pruning_fraction", findings)
    return found
