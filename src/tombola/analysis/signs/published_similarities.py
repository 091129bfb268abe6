"""Distance lists as "LTHSignDistributions" (2024) keeps them in files: read as literals, never run; written alike."""

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from tombola.analysis.signs.distances import Distances
from tombola.analysis.signs.measures.published import PUBLISHED
from tombola.analysis.signs.pair_sets import PairSet
from tombola.analysis.signs.table import VARIABLES
from tombola.errors import TombolaError

FOLDERS: Final = {
    "js_divergence": "jsd",
    "wasserstein_distance": "wsd",
    "hellinger_distance": "hd",
    "total_variation": "tv",
    "chi2_distance": "chi2",
    "histogram_correlation": "hc",
    "histogram_intersection": "hi",
}
FILE: Final = re.compile(rf"(?P<layer>\w+?)_(?P<variable>{'|'.join(VARIABLES)})_(?P<measure>\w+)_similarities\.txt")
MEANS_FILE: Final = "mean_std_similarities.csv"
MEANS_HEADER: Final = ["mean", "std", "layer", "variable", "similarity_measure"]
STALE: Final = {"histogram_correlation": -1.0}
"""What the published means of a measure are off by; add the opposite."""

Lists = dict[tuple[str, str, str], dict[str, list[float]]]
"""(layer, variable, published id of a measure) -> pair set -> distances."""


def read_similarities(path: Path) -> dict[str, list[float]]:
    """Return one ``…_similarities.txt``: pair set -> distances. ``nan`` and ``inf`` are numbers.

    Raises
    ------
    TombolaError
        If it holds anything but one mapping of texts to lists of numbers.
    """
    try:
        tree = ast.parse(path.read_text(encoding="utf-8").strip(), str(path), "eval").body
        return {_text(key): _numbers(value) for key, value in _mapping(tree)}
    except (SyntaxError, ValueError, UnicodeDecodeError, RecursionError, MemoryError, OSError) as error:
        raise TombolaError(f"{path} is no mapping of pair sets to lists of numbers: {error}") from None


def read_all_similarities(folder: Path) -> Lists:
    """Return all distance lists of a folder that has one folder per measure; what is absent is left out."""
    found: Lists = {}
    for name, measure in FOLDERS.items():
        for path in sorted((folder / name).glob("*_similarities.txt")):
            match = FILE.fullmatch(path.name)
            if match is None or match["measure"] != measure:
                raise TombolaError(f"{path} is not named like dense1_sign_rate_in_{measure}_similarities.txt")
            found[match["layer"], match["variable"], measure] = read_similarities(path)
    return found


def lists_of(found: Distances, sets: Sequence[PairSet]) -> Lists:
    """Return distances by the published measures as lists, for every pair set that has pairs."""
    lists: Lists = {}
    pairs = {each.name: each.pairs(found.conditions) for each in sets}
    for (layer, variable, name), matrices in found.cells.items():
        measure, _, source = name.partition("-")
        if source == "signs2024":
            lists[layer, variable, measure] = {key: matrices.values[where].tolist() for key, where in pairs.items()}
    return lists


def write_similarities(lists: Mapping[tuple[str, str, str], Mapping[str, Sequence[float]]], folder: Path) -> list[Path]:
    """Write distance lists as published, one file each, and ``mean_std_similarities.csv`` with the true means.

    Returns
    -------
    list of Path
        What was written.
    """
    names = {measure: name for name, measure in FOLDERS.items()}
    written = []
    for (layer, variable, measure), sets in lists.items():
        place = folder / names[measure]
        place.mkdir(parents=True, exist_ok=True)
        written.append(place / f"{layer}_{variable}_{measure}_similarities.txt")
        written[-1].write_text(repr({key: [float(value) for value in values] for key, values in sets.items()}))
    written.append(folder / MEANS_FILE)
    means_table(lists).to_csv(written[-1])
    return written


def means_table(lists: Mapping[tuple[str, str, str], Mapping[str, Sequence[float]]]) -> pd.DataFrame:
    """Return mean and population sd of every list, indexed by pair set, as ``mean_std_similarities.csv`` has them."""
    names = {measure: name for name, measure in FOLDERS.items()}
    order = sorted(lists, key=lambda key: (PUBLISHED.index(key[2]), key[0], VARIABLES.index(key[1])))
    rows, index = [], []
    for layer, variable, measure in order:
        for key, values in lists[layer, variable, measure].items():
            index.append(key)
            mean, sd = (np.mean(values), np.std(values)) if len(values) else (np.nan, np.nan)
            rows.append([mean, sd, layer, variable, names[measure]])
    return pd.DataFrame(rows, index=index, columns=MEANS_HEADER)


def read_means(path: Path) -> pd.DataFrame:
    """Return ``mean_std_similarities.csv``, unchanged: its means of the histogram correlation are low by 1 (`STALE`).

    Raises
    ------
    TombolaError
        If its columns are other ones.
    """
    table = pd.read_csv(path, index_col=0)
    if list(table.columns) != MEANS_HEADER:
        raise TombolaError(f"{path} has other columns than {','.join(MEANS_HEADER)}")
    return table


def _mapping(tree: ast.expr) -> Iterable[tuple[ast.expr | None, ast.expr]]:
    if not isinstance(tree, ast.Dict):
        raise ValueError("it is no mapping")
    return zip(tree.keys, tree.values, strict=True)


def _text(node: ast.expr | None) -> str:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        raise ValueError("a key is no text")
    return node.value


def _numbers(node: ast.expr) -> list[float]:
    if not isinstance(node, ast.List):
        raise ValueError("a value is no list")
    return [_number(each) for each in node.elts]


def _number(node: ast.expr) -> float:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_number(node.operand)
    if isinstance(node, ast.Name) and node.id in ("nan", "inf"):
        return float(node.id)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return float(node.value)
    raise ValueError(f"'{ast.unparse(node)}' is no number")
