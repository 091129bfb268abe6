"""Sections 2.3 and 2.4 of the signs reference: rows of the published files, dead neurons, pooled means."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tombola.analysis.reproduce.cells import Cell
from tombola.analysis.reproduce.signs_printed import CORRELATIONS, DEAD, EDGE_POOLED, POOLED, ROWS, lines, printed
from tombola.analysis.signs.published_distributions import HEADER, published_rows, read_dead
from tombola.analysis.signs.summary import edge_pooled, pooled
from tombola.analysis.signs.table import VARIABLES

LAYER = "dense1"
UNITS = 256


def distribution_cells(table: pd.DataFrame, folder: Path) -> Iterator[Cell]:
    """Yield the cells of sections 2.3 and 2.4.

    Parameters
    ----------
    table
        All published distributions.
    folder
        Where they lie.
    """
    yield from _files(table, folder)
    yield from _rows(table)
    yield from _dead(table, folder)
    yield from _pooled(table)


def _files(table: pd.DataFrame, folder: Path) -> Iterator[Cell]:
    """Rates follow from counts (reading checks it), and what was read is written byte for byte."""
    for condition, part in table.groupby("condition", sort=False):
        same = 0
        for name, rows in part.groupby("network_id", sort=False):
            written = published_rows(rows.assign(layer=rows.layer)).assign(layer=rows.layer)[HEADER]
            same += written.to_csv(index=False).encode() == (folder / f"{name}_sign_distr.csv").read_bytes()
        networks = float(part.network_id.nunique())
        yield Cell("2.3 files", str(condition), "files whose rates follow from their counts", networks, networks, 0)
        yield Cell("2.3 files", str(condition), "files written again byte for byte", networks, float(same), 0)
    first = table[table.network_id == "CIFAR_IMP_0"]
    if len(first):
        row = first.iloc[0]
        golden = (794, 96, 625, 104, 0.91339111328125, 0.21875, 0.5595489781536294, 0.48)
        for column, theirs in zip(HEADER, golden, strict=False):
            yield Cell("2.4 first row of CIFAR_IMP_0", "dense1", column, float(theirs), float(row[column]), 0)
        yield Cell("2.4 first row of CIFAR_IMP_0", "dense1", "fan-in", 16384, float(row.fan_in), 0)
        yield Cell("2.4 first row of CIFAR_IMP_0", "dense1", "fan-out", 256, float(row.fan_out), 0)


def _rows(table: pd.DataFrame) -> Iterator[Cell]:
    for (condition, layer), part in table.groupby(["condition", "layer"], sort=False):
        theirs = ROWS.get((str(condition), str(layer)), 3840 if layer == "dense2" else None)
        if theirs is not None:
            yield Cell("2.4 rows", f"{condition} {layer}", "rows", float(theirs), float(len(part)), 0)


def _dead(table: pd.DataFrame, folder: Path) -> Iterator[Cell]:
    for condition, part in table[table.layer == LAYER].groupby("condition", sort=False):
        missing = (UNITS - part.groupby("network_id", sort=False).size()).to_numpy(np.float64)
        if condition in DEAD:
            mean, sd, total = DEAD[str(condition)]
            row = str(condition)
            yield printed("2.4 dead neurons of dense1", row, "mean per network", mean, float(missing.mean()))
            yield printed("2.4 dead neurons of dense1", row, "population sd", sd, float(missing.std()))
            yield Cell("2.4 dead neurons of dense1", row, "total", float(total), float(missing.sum()), 0)
        for path in sorted(folder.glob(f"{condition}*_unconnected_statistic.csv")):
            theirs = read_dead(path)
            listed = theirs[theirs.layer == LAYER].iloc[:, :3].sum()
            row = f"{condition}, {path.name}"
            yield Cell("2.3 dead neurons listed", row, "all kinds", float(listed.sum()), float(missing.sum()), 0)
            yield Cell("2.3 dead neurons listed", row, "no incoming", float(listed.iloc[0]), float(missing.sum()), 0)


def _pooled(table: pd.DataFrame) -> Iterator[Cell]:
    found: Any = pooled(table).set_index(["condition", "layer"])
    for condition, layer, *values in lines(POOLED):
        if (condition, layer) not in found.index:
            continue
        for i, variable in enumerate(VARIABLES):
            for j, what in enumerate(("mean", "sd")):
                ours = float(found.loc[(condition, layer), f"{variable}_{what}"])
                yield printed("2.4 pooled", f"{condition} {layer}", f"{variable} {what}", values[2 * i + j], ours)
    edges = edge_pooled(table)
    for condition, theirs in CORRELATIONS.items():
        mine = edges[(edges.condition == condition) & (edges.layer == LAYER)].edge_sign_rate_in
        if mine.empty:
            continue
        ours = float(found.loc[(condition, LAYER), "sign_correlation"])
        yield printed("2.4 sign_rate_in with sign_rate_out", f"{condition} {LAYER}", "Pearson r", theirs, ours)
        for (what, value), text in zip(
            (("mean", mine.mean()), ("population sd", mine.std(ddof=0))), EDGE_POOLED[condition], strict=True
        ):
            yield printed("2.4 edge-pooled sign_rate_in", f"{condition} {LAYER}", what, text, float(value))
