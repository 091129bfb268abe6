"""What a job's networks reach before and after training, and the row that says so."""

from typing import Any

from torch import nn

from tombola.errors import TombolaError
from tombola.experiments.bench import Bench
from tombola.experiments.procedures import procedures
from tombola.experiments.rows import RESULT_FILE, Plain, known_row, measured_columns
from tombola.experiments.trial import Trial
from tombola.networks import build, layer_graph
from tombola.networks.state import State, restore
from tombola.pruning import Mask, allocations, find_paths
from tombola.specs import ExperimentSpec
from tombola.store.jobs import JobInfo
from tombola.store.tables_csv import Table
from tombola.training import FitResult
from tombola.training.measure import measure
from tombola.training.placement import find_device, has_convolutions, placed, products, threads_set


def result_tables(bench: Bench, info: JobInfo, trial: Trial, result: FitResult) -> dict[str, Table]:
    """Return the job's result row as a table by file name; nothing where an experiment keeps no rows."""
    if not keeps_rows(bench.spec):
        return {}
    return {RESULT_FILE: [result_row(bench, info, trial, result)]}


def keeps_rows(spec: ExperimentSpec) -> bool:
    """Return whether jobs of an experiment write result rows: with a procedure of levels that go on, or a rule."""
    return procedures[spec.prune.procedure].rows or spec.train.converge.active


def result_row(bench: Bench, info: JobInfo, trial: Trial, result: FitResult) -> dict[str, Any]:
    """Return the row of a job that was trained, measured now where a convergence rule has not measured it already.

    Accuracies are those of the trained weights, which are the restored ones where a rule restored some (defect B5).
    """
    module = build(bench.spec.network, bench.shape.input_shape, bench.shape.classes)
    classes = bench.data.classes
    row = known_row(info, bench.spec, sum(parameter.numel() for parameter in module.parameters()), classes)
    row["method"] = trial.ticket.provenance.get("score", row["method"])
    row |= _effective(module, bench, trial.ticket.mask)
    if result.convergence is not None or result.status != "done":
        return row | {"stop_reason": result.stop_reason}
    per_epoch = len(bench.data.train) // (trial.train or bench.spec.train).batch_size
    row |= {"stop_reason": result.stop_reason, "steps": result.steps, "epochs": result.steps / per_epoch}
    with threads_set(bench.engines.threads):
        before = _measured(module, trial.ticket.initial, bench, ("test",))
        after = _measured(module, result.trained, bench, ("train", "validation", "test"))
    return row | measured_columns(before, after, classes)


def _effective(module: nn.Module, bench: Bench, mask: Mask) -> dict[str, Any]:
    """Return how many survivors lie on a path, where whole units went: what read a removed channel is dead as well."""
    if mask.count == mask.size or not allocations[bench.spec.prune.allocation].whole:
        return {}
    try:
        left = find_paths(layer_graph(module, bench.shape.input_shape), mask).mask.count
    except TombolaError:  # no layer graph: attention
        return {}
    return {"effective_remaining": left, "effective_density": left / mask.size}


def _measured(module: nn.Module, state: State, bench: Bench, parts: tuple[str, ...]) -> dict[str, Plain]:
    restore(module, state)
    data, device = bench.data, find_device(bench.engines.device)
    found: dict[str, Plain] = {}
    with placed(module, device, has_convolutions(module)), products(device, "fp32"):
        for name in parts:
            measured = measure(module, data, getattr(data, name), device)
            if measured is not None:
                found[name] = measured.row()
    return found
