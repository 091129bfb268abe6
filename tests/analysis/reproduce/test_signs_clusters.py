"""Sections 6 to 8 of the sign reference, cell by cell, on the published files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tombola.analysis.reproduce.cells import Cell
from tombola.analysis.reproduce.signs_clusters import clusters_cells


@pytest.fixture(scope="module")
def folder(beside: Callable[[str], Path]) -> Path:
    return beside("seeds/signs/clusters").parent


@pytest.fixture(scope="module")
def cells(folder: Path) -> list[Cell]:
    return clusters_cells(folder)


@pytest.mark.data
def test_every_cell_agrees_but_the_one_that_is_named(cells: list[Cell]) -> None:
    assert {cell.table for cell in cells} == {
        "6 clusters",
        "6 cluster statistics",
        "7 contributions",
        "8 clusters and contributions",
    }
    assert len(cells) > 150
    apart = [cell for cell in cells if not cell.agrees]
    assert [(cell.row, cell.column) for cell in apart] == [("CIFAR", "Spearman with sign_rate_in")]
    assert apart[0].ours == pytest.approx(0.8147, abs=5e-5)
    assert "the reference prints .82" in apart[0].note


@pytest.mark.data
def test_golden_statistics_to_the_last_digit(cells: list[Cell]) -> None:
    found = {(cell.row, cell.column): cell for cell in cells if cell.table == "6 cluster statistics"}
    golden = {"mean_c0": 0.9070765990386509, "std_c0": 0.015902476088664, "ratio_c0": 0.6033686498234175}
    for column, value in golden.items():
        assert found["CIFAR prune_rate_in", column].ours == pytest.approx(value, abs=1e-14)


def test_without_the_files_there_are_no_cells(tmp_path: Path) -> None:
    assert clusters_cells(tmp_path) == []
