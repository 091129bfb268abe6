"""The result row of a job: one line with everything a table of pruning results needs, missing where not known.

Columns follow explainability reference, section 4.6. Densities and rates are stated with their scope, and the whole
model's compression beside them (defect B2). Nothing is ever 0 because it is unknown.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tombola.specs import ExperimentSpec
from tombola.store.folder import TICKET
from tombola.store.jobs import TICKET_FILE, JobInfo

Plain = Mapping[str, Any]
"""A measurement as plain data."""

PARTS = {"train": "train", "val": "validation", "test": "test"}
"""Prefix of columns -> part of the data."""

MEASURES = {
    "loss": "loss",
    "top1": "accuracy",
    "correct": "correct",
    "n": "n",
    "top5": "top5",
    "top5_correct": "correct_top5",
}
"""Second half of a column -> what a measurement calls it."""

IDENTITY = ("replicate", "level", "control", "repetition", "status", "reason")
SIZE = (
    *("procedure", "method", "scope", "allocation", "target_rate", "true_rate", "density", "remaining", "size"),
    *("parameters_left", "parameters", "whole_model_compression", "min_layer_density", "max_layer_density"),
    *("effective_remaining", "effective_density"),
)
CONVERGED = ("best_epoch", "epochs", "stop_reason", "steps", "max_train_accuracy")
BEFORE = ("before_test_loss", "before_test_top1", "before_test_correct")
MEASURED = tuple(f"{part}_{what}" for part in PARTS for what in MEASURES)
QUALITY = ("test_calibration_error", "clean_top1", "clean_correct", "clean_n")
REFERENCE = ("seconds", "key", "ticket")
COLUMNS = (*IDENTITY, *SIZE, *CONVERGED, *BEFORE, *MEASURED, *QUALITY, *REFERENCE)
"""Columns of every row; top-1 of each class follows as ``test_top1:<class>``."""

CLASS = "test_top1:"
"""What columns of single classes begin with."""

RESULT_FILE = "result.csv"
"""The row in a job's folder, written with the job."""


def known_row(
    info: JobInfo, spec: ExperimentSpec, parameters: int | None = None, classes: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return what a finished job's own description says; all other columns are missing (None).

    Parameters
    ----------
    info
        The job, done or failed.
    spec
        Its experiment.
    parameters
        Of the whole network, biases and normalisation included; None where it cannot be built.
    classes
        Names of the classes; default: their numbers.
    """
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {name: getattr(info, name) for name in (*IDENTITY, "key")}
    row["reason"] = info.reason or None
    row |= _sizes(info, parameters)
    pruned = info.density < 1
    row |= {
        "procedure": spec.prune.procedure,
        "method": spec.prune.score if pruned and info.control == TICKET else None,
        "allocation": spec.prune.allocation if pruned else None,
        "scope": " ".join(spec.network.prunable),
        "target_rate": target_rate(info, spec),
        "seconds": info.seconds if info.status == "done" else None,
        "ticket": f"jobs/{info.id.path}/{TICKET_FILE}",
    }
    if found := info.convergence:
        row |= {name: found[name] for name in CONVERGED}
        row |= measured_columns(found["before"], found["restored"], classes)
    return row


def target_rate(info: JobInfo, spec: ExperimentSpec) -> float | None:
    """Return the compression rate asked for at a job's level; 1 where nothing is pruned, None where rounds say it."""
    prune = spec.prune
    if info.density == 1:
        return 1.0
    if prune.rates:
        return prune.rates[info.level - 1] if info.level <= len(prune.rates) else None
    if prune.densities and info.level <= len(prune.densities):
        return 1 / prune.densities[info.level - 1]
    return None


def measured_columns(
    before: Mapping[str, Plain], after: Mapping[str, Plain], classes: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return the columns that measurements fill.

    Parameters
    ----------
    before
        Of the weights training started from, by part of the data, as plain data (`Measured.row`): after pruning,
        before fine-tuning.
    after
        Of the weights it ended in (the restored ones, where a convergence rule restored some).
    classes
        Names of the classes; default: their numbers.
    """
    columns: dict[str, Any] = {}
    for prefix, part in PARTS.items():
        for name, key in MEASURES.items() if part in after else ():
            columns[f"{prefix}_{name}"] = after[part][key]
    if begun := before.get("test"):
        columns |= {f"before_test_{name}": begun[MEASURES[name]] for name in ("loss", "top1", "correct")}
    if test := after.get("test"):
        columns["test_calibration_error"] = test["calibration_error"]
        if test["clean_n"]:
            columns |= {"clean_correct": test["clean_correct"], "clean_n": test["clean_n"]}
            columns["clean_top1"] = test["clean_correct"] / test["clean_n"]
        names = [str(number) for number in range(len(test["class_n"]))] if classes is None else list(classes)
        for name, correct, n in zip(names, test["class_correct"], test["class_n"], strict=True):
            columns[f"{CLASS}{name}"] = correct / n if n else None
    return columns


def _sizes(info: JobInfo, parameters: int | None) -> dict[str, Any]:
    size, remaining = sum(info.sizes.values()), sum(info.remaining.values())
    if not size:
        return {"density": info.density}
    densities = [info.remaining[name] / number for name, number in info.sizes.items()]
    sizes: dict[str, Any] = {
        "density": remaining / size,
        "true_rate": size / remaining if remaining else None,
        "remaining": remaining,
        "size": size,
        "min_layer_density": min(densities),
        "max_layer_density": max(densities),
    }
    if parameters is not None:
        left = parameters - size + remaining
        sizes |= {"parameters_left": left, "parameters": parameters}
        sizes["whole_model_compression"] = parameters / left if left else None
    return sizes
