"""How an analysis of a study looks in a terminal: the tables that answer its questions; the files have all."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tombola.analysis.wording import table_cell
from tombola.cli.console import results
from tombola.study.published.recognition import EVERYTHING
from tombola.study.statistics.filters import NO_ANSWERS, NOT_MEASURED

if TYPE_CHECKING:
    import pandas as pd

    from tombola.study.statistics import Analysis

ROWS = 24
"""Rows of a table that are printed at most."""
SHARE = ("pair", "votes", "share", "low", "high", "p", "naive_low", "naive_high", "naive_p", "design_effect")
ACCURACY = ("condition", "answers", "correct", "wrong", "abstained", "accuracy", "low", "high", "design_effect")
DIFFERENCE = ("first", "second", "outcome", "difference", "low", "high", "p", "naive_p", "wilcoxon_p")
MIXED = ("pair", "preference", "low", "high", "p", "share", "share_low", "share_high", "raw_share", "converged")
SENSITIVITY = ("filter", "result", "answers", "estimate", "low", "high", "p", "note")
PRINTED: dict[str, dict[str, Sequence[str]]] = {
    "published": {
        "pairs": ("pair", "votes", "first_wins", "second_wins", "ties", "first_share", "chi2", "p", "p_holm"),
        "heterogeneity": (),
        "sides": (),
        "accuracy": (),
        "confusion_all": (),
        "recognition_tests": (),
        "plurality": (),
        "agreement": (),
        "workers": (),
    },
    "valid": {
        "shares": SHARE,
        "share_intervals": (),
        "share_images": (),
        "class_heterogeneity": (),
        "strengths": ("model", "parameter", "estimate", "se", "clustered_se", "low", "high", "p"),
        "strength_fits": (),
        "mixed": MIXED,
        "mixed_spreads": (),
        "recognition": ACCURACY,
        "recognition_differences": DIFFERENCE,
        "recognition_tests": (),
        "recognition_majority": (),
        "task_accuracy": (),
        "trust": (),
        "change": (),
        "agreement": (),
        "checks": (),
        "dose_contrasts": (),
        "dose_means": (),
        "sensitivity": SENSITIVITY,
        "tests": (),
    },
}
"""Analysis -> table -> columns that are printed; () for all."""


def show(name: str, analysis: "Analysis") -> None:
    """Print an analysis: its tables, then its notes."""
    console = results()
    console.print(f"[bold]{name}[/bold]")
    for table, columns in PRINTED[name].items():
        if table in analysis.tables:
            show_table(table, analysis.tables[table], columns)
    for note in analysis.notes:
        console.print(note, markup=False, soft_wrap=True)
    console.print()


def show_table(title: str, frame: "pd.DataFrame", columns: Sequence[str]) -> None:
    """Print some columns of a table, and how many rows were left out; what is empty throughout is left out too."""
    from rich.table import Table

    console = results()
    shown = frame[list(columns)] if columns else frame
    if "note" in shown:
        shown = shown[~shown.note.isin([NOT_MEASURED, NO_ANSWERS])]
        shown = shown if shown.note.ne("").any() else shown.drop(columns="note")
    if title == "accuracy":
        shown = shown[(shown.image_class == EVERYTHING) | (shown.condition == EVERYTHING)]
    shown = shown.dropna(axis="columns", how="all")
    table = Table(title=title, title_justify="left")
    for column in shown.columns:
        table.add_column(str(column), justify="right" if shown[column].dtype.kind in "fiu" else "left")
    for row in shown.head(ROWS).itertuples(index=False):
        table.add_row(*(table_cell(value) for value in row))
    console.print(table)
    if len(shown) > ROWS:
        console.print(f"{ROWS} of {len(shown):,} rows; the file has all", markup=False)
