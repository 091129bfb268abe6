"""Whether every epoch was logged, once."""

from collections.abc import Iterator, Sequence

import numpy as np

from tombola.interop.sparse_analysis.facts import Facts
from tombola.interop.sparse_analysis.integrity.finding import NOTE, WARNING, Found, check, one
from tombola.interop.sparse_analysis.logs import GEM_LOG, SYNFLOW_LOG, Log

ROWS = {
    ("fc", "gem-miner"): 51,
    ("resnet20", "gem-miner"): 301,
    ("fc", "synaptic-flow"): 26,
    ("resnet20", "synaptic-flow"): 161,
}
"""Rows of published logs (reference, section 9.1), for what records no number of epochs."""

NAMES = {"gem-miner": GEM_LOG, "synaptic-flow": SYNFLOW_LOG}


@check("log-missing", 6)
def log_missing(networks: Sequence[Facts]) -> Iterator[Found]:
    """There is no log, or it cannot be read."""
    for network in networks:
        if network.log is None:
            name = NAMES[network.family]
            why = network.unread.get(name, f"there is no {name}")
            yield one(WARNING, network, f"no log of its training ({why})", "its accuracies are not known")


@check("log-truncated", 6)
def log_truncated(networks: Sequence[Facts]) -> Iterator[Found]:
    """A log ends before the training did."""
    longest: dict[tuple[str, str, float | None], int] = {}
    for network in networks:
        if network.log is not None:
            longest[network.group] = max(longest.get(network.group, 0), network.log.rows)
    for network in networks:
        if network.log is None:
            continue
        expected, why = _expected(network, longest[network.group])
        rows = network.log.rows
        if expected is not None and rows != expected:
            short = rows < expected
            yield one(
                WARNING,
                network,
                f"{network.log.path.name} has {rows} rows where {expected} belong ({why})",
                "its last accuracy is not the final one" if short else "it holds more than one training",
                {"rows": rows, "expected": expected, "last_epoch": int(network.log.epochs[-1]) if rows else None},
            )


def _expected(network: Facts, longest: int) -> tuple[int | None, str]:
    """Return the rows a log should have, and how that is known."""
    epochs = network.arguments.get("post_epochs")
    if isinstance(epochs, int) and network.family == "synaptic-flow":
        return epochs + 1, f"post_epochs {epochs} and the row before training"
    published = ROWS.get((network.architecture, network.family))
    if published is not None and published >= longest:
        return published, "as published"
    return longest, "as the longest of its group"


@check("log-epochs", 6)
def log_epochs(networks: Sequence[Facts]) -> Iterator[Found]:
    """Epochs are logged twice, left out or out of order."""
    for network in networks:
        for log in (network.log, *network.checks.values()):
            if log is not None and log.rows:
                yield from _epochs(network, log)


def _epochs(network: Facts, log: Log) -> Iterator[Found]:
    epochs = log.epochs
    steps = np.diff(epochs)
    boundary = np.flatnonzero(log.search[:-1] & ~log.search[1:]) if log.rows > 1 else np.zeros(0, int)
    handed = [int(i) for i in boundary if steps[i] == 0]
    odd = [int(i) for i in np.flatnonzero(steps != 1) if int(i) not in handed]
    repeated = [int(epochs[i + 1]) for i in odd if steps[i] <= 0]
    missing = [int(e) for i in odd if steps[i] > 1 for e in range(int(epochs[i]) + 1, int(epochs[i + 1]))]
    if epochs[0] != 0:
        missing = [*range(max(0, int(epochs[0]))), *missing]
    if handed and log is network.log:
        yield one(
            NOTE,
            network,
            f"{log.path.name} holds epoch {int(epochs[handed[0]])} twice: after the search, and before fine-tuning",
            "rows are not epochs; it is imported as the record before fine-tuning",
            {"epoch": int(epochs[handed[0]]), "rows": log.rows},
        )
    for what, found in (("twice or out of order", repeated), ("not at all", missing)):
        if found:
            yield one(
                WARNING,
                network,
                f"{log.path.name} holds epoch{'s' * (len(found) > 1)} {', '.join(map(str, found[:8]))}"
                f"{' …' * (len(found) > 8)} {what}",
                "curves over its rows are no curves over epochs",
                {"epochs": found},
            )
    broken = [name for name, values in log.columns.items() if name != "train_loss" and np.isnan(values).any()]
    if broken:
        yield one(
            WARNING,
            network,
            f"{log.path.name} holds entries that are no numbers ({', '.join(broken)})",
            "these measurements are not known",
            {"columns": broken},
        )
    same = [] if "epoch" in log.columns else [row for row in range(1, log.rows) if _same_row(log, row)]
    if same:
        yield one(
            WARNING,
            network,
            f"{log.path.name} repeats {len(same)} row{'s' * (len(same) > 1)} (first row {same[0]})",
            "an epoch was logged twice",
            {"rows": same},
        )


def _same_row(log: Log, row: int) -> bool:
    """Return whether a row's measurements are those of the row before, to the last digit."""
    return all(column[row] == column[row - 1] for column in log.columns.values())
