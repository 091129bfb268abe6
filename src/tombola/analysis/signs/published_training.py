"""Training histories as "LTHSignDistributions" (2024) keeps them: ``CIFAR_WT(CIFAR)_training_stats.csv`` and so on."""

from pathlib import Path
from typing import Final

import pandas as pd

from tombola.analysis.signs.exact_csv import read_exactly
from tombola.errors import TombolaError

COLUMNS: Final = {
    "test loss": "test_loss",
    "training loss": "train_loss",
    "test accuracy": "test_accuracy",
    "training accuracy": "train_accuracy",
    "model_nr": "replicate",
    "Sparsity": "network",
    "epochs": "epoch",
    "dataset": "data",
}
"""Published column -> ours. Their "Sparsity" is the name of a condition; epochs count from 0, ours from 1."""

COLLECTIVE: Final = "collective"
OWN: Final = "WT"
"""What tickets trained on the data they were found on are called inside files; ``WT(CIFAR)`` in file names and here."""


def read_training(path: Path) -> pd.DataFrame:
    """Return one published history as a table ``data, network, replicate, epoch`` with losses and accuracies.

    Raises
    ------
    TombolaError
        If its columns are other ones.
    """
    table = read_exactly(path)
    if list(table.columns) != list(COLUMNS):
        raise TombolaError(f"{path} has other columns than a training history: {','.join(COLUMNS)}")
    table = table.rename(columns=COLUMNS)
    table["epoch"] += 1
    table["network"] = table.network.mask(table.network == OWN, OWN + "(" + table.data + ")")
    return table[
        ["data", "network", "replicate", "epoch", "train_loss", "train_accuracy", "test_loss", "test_accuracy"]
    ]


def read_all_training(folder: Path) -> pd.DataFrame:
    """Return all published histories of a folder, without the collective ones, which repeat them.

    Raises
    ------
    TombolaError
        If there is none.
    """
    found = [path for path in sorted(folder.glob("*_training_stats.csv")) if f"_{COLLECTIVE}_" not in path.name]
    if not found:
        raise TombolaError(f"{folder} holds no training histories (CIFAR_original_training_stats.csv and so on)")
    return pd.concat([read_training(path) for path in found], ignore_index=True)


def write_training(table: pd.DataFrame, folder: Path) -> list[Path]:
    """Write histories as published: a file per data set and condition, and a collective one per data set.

    Parameters
    ----------
    table
        As `read_training` returns it.
    folder
        Where to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    theirs = table.rename(columns={ours: name for name, ours in COLUMNS.items()})
    theirs = theirs.assign(epochs=theirs.epochs - 1)[list(COLUMNS)]
    written = []
    for data in dict.fromkeys(theirs.dataset):
        rows, own = theirs[theirs.dataset == data], f"{OWN}({data})"
        networks = sorted(dict.fromkeys(rows.Sparsity), key=lambda name: _place(str(name), own))
        for network in networks:
            written.append(folder / f"{data}_{network}_training_stats.csv")
            part = rows[rows.Sparsity == network]
            part.assign(Sparsity=OWN if network == own else network).to_csv(written[-1], index=False)
        written.append(folder / f"{data}_{COLLECTIVE}_training_stats.csv")
        pd.concat([rows[rows.Sparsity == network] for network in networks]).to_csv(written[-1], index=False)
    return written


def _place(network: str, own: str) -> tuple[int, str]:
    """Return where a condition stands in a collective file."""
    first = ("original", own, "RSN")
    return (first.index(network) if network in first else len(first)), network
