"""The analysis of "LTHSignDistributions" (Ernalein/ThesisLTH, 2024) run over its published files."""

from pathlib import Path

from tombola.analysis.reproduce.cells import Cell
from tombola.analysis.reproduce.signs_clusters import clusters_cells
from tombola.analysis.reproduce.signs_distances import corrected_spot_cells, distance_cells
from tombola.analysis.reproduce.signs_distributions import distribution_cells
from tombola.analysis.reproduce.signs_tests import LAYER, RANDOM, TICKETS, published_cells, verdict_cells
from tombola.analysis.reproduce.signs_training import training_cells
from tombola.analysis.signs.distances import distances
from tombola.analysis.signs.measures.published import PUBLISHED
from tombola.analysis.signs.pair_sets import published_pair_sets
from tombola.analysis.signs.published_distributions import read_distributions
from tombola.analysis.signs.published_similarities import FOLDERS, lists_of, read_all_similarities
from tombola.analysis.signs.published_training import read_all_training


def reproduce(folder: Path) -> list[Cell]:
    """Return published numbers of sign distributions, distances, tests, clusters, contributions and training.

    Each stands beside ours. Sign distributions, distance lists and training histories may lie in the folder itself or
    in folders below it, clusters and contributions in folders of these names. What is absent is left out: without
    distributions there are no distances, without all four conditions no tests.

    Parameters
    ----------
    folder
        With ``…_sign_distr.csv``, ``js_divergence/…_similarities.txt`` and so on, ``…_training_stats.csv``.

    Raises
    ------
    TombolaError
        If a file is damaged.
    """
    cells: list[Cell] = []
    distributions = _folder_with(folder, "*_sign_distr.csv")
    if distributions is not None:
        cells += _distribution_cells(distributions, folder)
    if (folder / "sign_distributions").is_dir():
        cells += clusters_cells(folder)
    training = _folder_with(folder, "*_training_stats.csv")
    if training is not None:
        cells += training_cells(read_all_training(training))
    return cells


def _distribution_cells(distributions: Path, folder: Path) -> list[Cell]:
    table = read_distributions(distributions)
    cells = list(distribution_cells(table, distributions))
    if set(table.condition) != {*TICKETS, RANDOM}:
        return cells
    chosen = [*(f"{name}-signs2024" for name in PUBLISHED), "w1", "ks"]
    lists = next((path.parent for name in FOLDERS for path in sorted(folder.rglob(name)) if path.is_dir()), None)
    theirs = read_all_similarities(lists) if lists is not None else {}
    layers = list(dict.fromkeys([LAYER, *(layer for layer, _, _ in theirs if layer in set(table.layer))]))
    found = distances(table, chosen, layers=layers, splits=0)
    ours = lists_of(found, published_pair_sets(TICKETS, RANDOM))
    cells += distance_cells(ours, theirs, folder)
    cells += corrected_spot_cells(found)
    cells += published_cells(ours, folder)
    return cells + list(verdict_cells(found))


def _folder_with(folder: Path, pattern: str) -> Path | None:
    """Return the folder, at or below the given one, that holds files of a pattern; the one with most of them."""
    counts: dict[Path, int] = {}
    for path in folder.rglob(pattern):
        counts[path.parent] = counts.get(path.parent, 0) + 1
    return max(sorted(counts), key=lambda place: counts[place]) if counts else None
