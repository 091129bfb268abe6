"""Contribution scores as "LTHSignDistributions" (2024) keeps them in files, joined with its sign distributions."""

import re
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tombola.analysis.contributions.scores import shares
from tombola.errors import TombolaError

METHOD: Final = "contribution-signs2024"
FILE: Final = re.compile(r"c_scores_(?P<layer>dense\d)_(?P<condition>[A-Za-z0-9]+?)(?:_wt)?(?P<replicate>\d+)\.npy")


def read_scores(path: Path) -> NDArray[np.float64]:
    """Return the scores of one published file: a number per living neuron, adding up to 1.

    Raises
    ------
    TombolaError
        If it is no one-dimensional array of numbers.
    """
    try:
        values: NDArray[np.float64] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise TombolaError(f"{path} cannot be read as an array: {error}") from None
    if values.ndim != 1 or values.dtype.kind != "f":
        raise TombolaError(f"{path} holds {values.dtype} of shape {values.shape}; one number per neuron is needed")
    return values.astype(np.float64)


def join_scores(folder: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the published scores of a folder as a table like that of `unit_scores`.

    Files are joined to rows by position, as published: the n-th number belongs to the n-th living neuron. Networks
    without a file are left out.

    Parameters
    ----------
    folder
        Holds ``c_scores_<layer>_<data set>_wt<number>.npy``, of random networks ``…_RSN<number>.npy``.
    rows
        Sign distributions, as from `tombola.analysis.signs.published_distributions`.

    Raises
    ------
    TombolaError
        If a file has another number of neurons than its network.
    """
    parts = []
    for key, part in rows.groupby(["condition", "replicate", "layer"], sort=False):
        condition, replicate, layer = key
        path = folder / f"c_scores_{layer}_{condition}_wt{replicate}.npy"
        if not path.is_file():
            path = folder / f"c_scores_{layer}_{condition}{replicate}.npy"
        if not path.is_file():
            continue
        values = read_scores(path)
        if len(values) != len(part):
            raise TombolaError(f"{path} has {len(values)} scores and the network {len(part)} living neurons")
        parts.append(part.assign(method=METHOD, score=values, share=shares(values)))
    if not parts:
        raise TombolaError(f"{folder} holds no scores of these networks (c_scores_dense1_CIFAR_wt0.npy and so on)")
    return pd.concat(parts, ignore_index=True)


def write_scores(scores: pd.DataFrame, folder: Path) -> list[Path]:
    """Write the shares of linear hidden layers as published, and return the files.

    Layers are called dense1, dense2 in order; networks are numbered by replicate; units without incoming weights are
    left out.

    Parameters
    ----------
    scores
        Of one method, as from `unit_scores`.
    folder
        Where to; made where it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    linear = scores[scores.kind == "linear"]
    names = {layer: f"dense{number + 1}" for number, layer in enumerate(dict.fromkeys(linear.layer))}
    written = []
    for key, part in linear.groupby(["condition", "replicate", "layer"], sort=False):
        condition, replicate, layer = key
        kept = part[~part.dead.isin(["no incoming", "both"])].sort_values("neuron")
        name = re.sub(r"[^A-Za-z0-9.-]+", "-", str(condition))
        written.append(folder / f"c_scores_{names[layer]}_{name}_wt{replicate}.npy")
        np.save(written[-1], shares(kept.score.to_numpy(np.float64)), allow_pickle=False)
    return written
