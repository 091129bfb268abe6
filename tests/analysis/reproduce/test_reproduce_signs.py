from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tombola.analysis.reproduce.cells import Cell
from tombola.analysis.reproduce.signs import reproduce
from tombola.analysis.reproduce.signs_distances import _published_means
from tombola.analysis.reproduce.signs_printed import P_VALUES, lines, printed
from tombola.analysis.signs.published_similarities import means_table

SEEDS = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "seeds" / "signs"


@pytest.fixture(scope="module")
def cells() -> list[Cell]:
    if not SEEDS.is_dir():
        pytest.skip("the published files of the signs work do not lie beside the project (../shared/data/seeds)")
    return reproduce(SEEDS)


@pytest.mark.data
def test_every_published_number_agrees_but_the_one_that_is_misprinted(cells: list[Cell]) -> None:
    own = [cell for cell in cells if cell.table[0] not in "678"]
    wrong = [cell for cell in own if not cell.agrees]
    assert [(cell.row, bool(cell.note)) for cell in wrong] == [("jsd prune_rate_out, RSN", True)]
    assert len(own) > 500


@pytest.mark.data
def test_all_parts_are_there(cells: list[Cell]) -> None:
    counts = pd.Series([cell.table for cell in cells]).value_counts()
    assert counts["5 published p-values"] == 112
    assert counts["3 distances in the files"] == 28
    assert counts["3.2 spot values"] == 56
    assert counts["9 mean test accuracy"] == 56
    assert counts["5 corrected: holds (1) or not (0)"] == 32
    exact = [cell for cell in cells if cell.table == "3 distances in the files"]
    assert all(cell.theirs == cell.ours == 3855 for cell in exact)
    underflow = [cell for cell in cells if "log10 p" in cell.note]
    assert len(underflow) == 6
    changed = [cell for cell in cells if "measure sample sizes" in cell.note]
    assert {cell.row.split(" by ")[0] for cell in changed} >= {"sign_rate_out H1", "sign_rate_out H4"}


@pytest.mark.data
def test_a_changed_file_is_seen(tmp_path: Path) -> None:
    if not SEEDS.is_dir():
        pytest.skip("the published files of the signs work do not lie beside the project (../shared/data/seeds)")
    folder = tmp_path / "training"
    folder.mkdir()
    for path in (SEEDS / "training").glob("CIFAR_*"):
        (folder / path.name).write_bytes(path.read_bytes())
    table = pd.read_csv(folder / "CIFAR_RSN_training_stats.csv")
    table["test accuracy"] += 0.001
    table.to_csv(folder / "CIFAR_RSN_training_stats.csv", index=False)
    found = reproduce(tmp_path)
    assert {cell.table for cell in found} == {"9 mean test accuracy"}
    assert {cell.row for cell in found if not cell.agrees} == {"RSN on CIFAR"}


def test_an_empty_folder_gives_nothing(tmp_path: Path) -> None:
    assert reproduce(tmp_path) == []


def test_stale_means_are_shown_as_such(tmp_path: Path) -> None:
    """reference/signs.md 3: the published means of the histogram correlation are low by 1, their sd is right."""
    lists = {("dense1", "sign_rate_in", name): {"RSN": [0.5, 0.7]} for name in ("jsd", "hc")}
    theirs = means_table(lists)
    theirs.loc[theirs.similarity_measure == "histogram_correlation", "mean"] -= 1
    theirs.to_csv(tmp_path / "mean_std_similarities.csv")
    found = {(c.row.split()[2], c.column): c for c in _published_means(lists, tmp_path / "mean_std_similarities.csv")}
    stale = found["histogram_correlation,", "mean"]
    assert not stale.agrees
    assert "stale by -1" in stale.note
    assert found["histogram_correlation,", "mean, set right"].agrees
    assert found["js_divergence,", "mean"].agrees
    assert all(cell.agrees for (_, column), cell in found.items() if column == "std")


def test_tolerances_are_half_a_unit_of_what_is_printed() -> None:
    assert len(lines(P_VALUES)) == 16
    assert printed("t", "r", "c", ".0646", 0.06464999).agrees
    assert not printed("t", "r", "c", ".0646", 0.0647).agrees
    assert printed("t", "r", "c", "1.3e-114", 1.3004e-114, digits=3).agrees
    assert not printed("t", "r", "c", "1.3e-114", 1.32e-114, digits=3).agrees
    assert not printed("t", "r", "c", "0", 1e-300).agrees
    assert not printed("t", "r", "c", "0", np.nan).agrees
