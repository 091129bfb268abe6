"""Section 9 of the signs reference: mean test accuracy by epoch, and at its best, of the published histories."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from tombola.analysis.reproduce.cells import Cell
from tombola.analysis.reproduce.signs_printed import TRAINING, lines, printed
from tombola.analysis.signs.training import best_summary, curves

DATA = ("CIFAR", "CINIC")
EPOCHS = 5


def training_cells(table: pd.DataFrame) -> Iterator[Cell]:
    """Yield the cells of section 9 that published histories determine.

    Parameters
    ----------
    table
        What `read_all_training` returns.
    """
    means: Any = curves(table).set_index(["data", "network", "epoch"])["mean"]
    summary: Any = best_summary(table).set_index(["data", "network"])
    for network, *values in lines(TRAINING):
        for i, data in enumerate(DATA):
            if (data, network) not in summary.index:
                continue
            theirs = values[i * (EPOCHS + 2) : (i + 1) * (EPOCHS + 2)]
            row = f"{network} on {data}"
            for epoch, text in enumerate(theirs[:EPOCHS], 1):
                ours = float(means.loc[(data, network, epoch)])
                yield printed("9 mean test accuracy", row, f"epoch {epoch}", text, ours)
            best = summary.loc[(data, network)]
            yield printed("9 mean test accuracy", row, "best of five, mean", theirs[-2], float(best["mean"]))
            yield printed("9 mean test accuracy", row, "best of five, sd", theirs[-1], float(best["sd"]))
