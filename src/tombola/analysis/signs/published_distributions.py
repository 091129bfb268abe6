"""Sign distributions as "LTHSignDistributions" (2024) keeps them in files, read and written exactly as published."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from tombola.analysis.signs.exact_csv import read_exactly
from tombola.analysis.signs.table import COUNTS, NETWORK_COLUMNS, VARIABLES
from tombola.errors import TombolaError

HEADER: Final = [*COUNTS, *VARIABLES, "layer"]
DEAD_HEADER: Final = ["no_incomming", "no_outgoing", "no_total_conncetions", "layer", "model"]
"""As published, spelling included."""

FILE: Final = re.compile(r"(?P<condition>.+?)(?:_IMP)?(?P<level>\d\d)?_(?P<replicate>\d+)_sign_distr\.csv")
DEAD_KINDS: Final = {"no incoming": "no_incomming", "no outgoing": "no_outgoing", "both": "no_total_conncetions"}


def read_distribution(path: Path) -> pd.DataFrame:
    """Return one published ``…_sign_distr.csv`` as a native table; neuron ids were not kept and are missing.

    Condition and replicate come from the file's name, as does the pruned percentage of the sparsity series
    (``CIFAR_IMP83_2_sign_distr.csv``, column `pruned_percent`). Dead units were left out of these files.

    Raises
    ------
    TombolaError
        If name or columns are other ones, or a row's rates do not follow from its counts and a whole number of
        weights.
    """
    match = FILE.fullmatch(path.name)
    if match is None:
        raise TombolaError(f"'{path.name}' is not named like a sign distribution: CIFAR_IMP_0_sign_distr.csv")
    table = read_exactly(path)
    if list(table.columns) != HEADER:
        raise TombolaError(f"{path} has other columns than a sign distribution: {','.join(HEADER)}")
    for side in ("in", "out"):
        kept = table[f"pos_{side}"] + table[f"neg_{side}"]
        fan = kept / (1 - table[f"prune_rate_{side}"])
        table[f"fan_{side}"], table[f"zero_{side}"] = fan.round().astype(np.int64), 0
    _check(path, table)
    identity = (path.name.removesuffix("_sign_distr.csv"), match["condition"], int(match["replicate"]))
    for position, (column, value) in enumerate(zip(NETWORK_COLUMNS, (*identity, 0, "none", "initial"), strict=True)):
        table.insert(position, column, value)
    if match["level"]:
        table["pruned_percent"] = int(match["level"])
    return table.assign(kind="linear", neuron=pd.array([None] * len(table), "Int64"), dead="", constant=False)


def read_distributions(folder: Path) -> pd.DataFrame:
    """Return all published sign distributions of a folder, conditions in alphabetical order, replicates ascending.

    Raises
    ------
    TombolaError
        If there is none, or one is damaged.
    """
    found = [(match, path) for path in folder.glob("*_sign_distr.csv") if (match := FILE.fullmatch(path.name))]
    if not found:
        raise TombolaError(f"{folder} holds no sign distributions (CIFAR_IMP_0_sign_distr.csv and so on)")
    found.sort(key=lambda item: (item[0]["condition"], item[0]["level"] or "", int(item[0]["replicate"])))
    return pd.concat([read_distribution(path) for _, path in found], ignore_index=True)


def published_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of one network that a published file holds: living hidden neurons, layers called dense1, dense2.

    Parameters
    ----------
    table
        Rows of one network from `tombola.analysis.signs.sign_table`.
    """
    rows = table[(table.kind == "linear") & table.fan_out.notna()]
    names = {layer: f"dense{i + 1}" for i, layer in enumerate(dict.fromkeys(rows.layer))}
    rows = rows[rows.dead == ""]
    counts = rows[list(COUNTS)].astype(np.int64)
    return pd.concat([counts, rows[list(VARIABLES)], rows.layer.map(names)], axis=1)[HEADER]


def write_distributions(table: pd.DataFrame, folder: Path, suffix: str = "_IMP") -> list[Path]:
    """Write the networks of a table as published: ``<condition><suffix>_<number>_sign_distr.csv``, numbered from 0.

    Beside them goes ``<condition><suffix>_unconnected_statistic.csv`` with the units that the rows leave out. Numbers
    are written as their shortest text that reads back the same, so that a published file that was read is written byte
    for byte.

    Returns
    -------
    list of Path
        What was written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for condition, networks in table.groupby("condition", sort=False):
        stem = f"{_safe(str(condition))}{suffix}"
        for number, (_, rows) in enumerate(networks.groupby("network_id", sort=False)):
            written.append(folder / f"{stem}_{number}_sign_distr.csv")
            published_rows(rows).to_csv(written[-1], index=False)
        written.append(folder / f"{stem}_unconnected_statistic.csv")
        pd.DataFrame(list(_dead_rows(networks, stem)), columns=DEAD_HEADER).to_csv(written[-1], index=False)
    return written


def read_dead(path: Path) -> pd.DataFrame:
    """Return one published ``…_unconnected_statistic.csv``, unchanged.

    Raises
    ------
    TombolaError
        If its columns are other ones.
    """
    table = read_exactly(path)
    if list(table.columns) != DEAD_HEADER:
        raise TombolaError(f"{path} has other columns than a statistic of dead neurons: {','.join(DEAD_HEADER)}")
    return table


def _dead_rows(networks: pd.DataFrame, stem: str) -> Iterator[list[object]]:
    for number, (_, rows) in enumerate(networks.groupby("network_id", sort=False)):
        linear = rows[(rows.kind == "linear") & rows.fan_out.notna()]
        for i, (_, layer) in enumerate(linear.groupby("layer", sort=False)):
            yield [*((layer.dead == kind).sum() for kind in DEAD_KINDS), f"dense{i + 1}", f"WT_{stem}_{number}"]


def _check(path: Path, table: pd.DataFrame) -> None:
    for side in ("in", "out"):
        positive, kept = table[f"pos_{side}"], table[f"pos_{side}"] + table[f"neg_{side}"]
        wrong = (1 - kept / table[f"fan_{side}"] != table[f"prune_rate_{side}"]) & (table[f"fan_{side}"] > 0)
        wrong |= positive / kept != table[f"sign_rate_{side}"]
        if wrong.any():
            raise TombolaError(
                f"{path}: the rates of row {int(np.flatnonzero(wrong)[0]) + 1} do not follow from its counts"
            )


def _safe(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text)
