"""The book of a report: every table it rests on, and numbers that link to the row they were read from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
from markupsafe import Markup

from tombola.errors import TombolaError
from tombola.store.files import write_text
from tombola.study.answers import records
from tombola.study.report import forms
from tombola.study.report.forms import Form
from tombola.study.statistics.families import EXPLORATORY

LINK: Final = Markup('<a class="number" href="#{anchor}" data-column="{column}">{text}</a>')
TAG: Final = Markup('<span class="tag {name}">{name}</span>')
TESTS: Final = "tests"


@dataclass(frozen=True, eq=False)
class Sheet:
    """One table of the book.

    Attributes
    ----------
    name
        Beginning of the anchors of its rows, and the name of its file.
    title
        What it holds, in words.
    frame
        The table.
    rows
        Its rows as mappings, None where a value is missing.
    """

    name: str
    title: str
    frame: pd.DataFrame
    rows: tuple[dict[str, Any], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(str(name) for name in self.frame.columns)

    @property
    def texts(self) -> frozenset[str]:
        """Names of the columns that hold words."""
        return frozenset(name for name in self.columns if any(isinstance(row[name], str) for row in self.rows))

    def anchor(self, row: int) -> str:
        """Return the id of a row, counted from 0, on the page, where rows are counted from 1."""
        return f"{self.name}-{row + 1}"


class Book:
    """Tables by name. A number is written by naming table, row and column, so that it cannot be any other number."""

    def __init__(self) -> None:
        self.sheets: dict[str, Sheet] = {}
        self.placed: set[str] = set()

    def add(self, name: str, title: str, frame: pd.DataFrame) -> Sheet:
        """Add a table, or one more under a name that is taken: that is an error of the program.

        What an anchor cannot hold becomes an underscore in the name.
        """
        name = key(name)
        if name in self.sheets:
            raise ValueError(f"the report has a table '{name}' already")
        frame = frame.reset_index(drop=True)
        self.sheets[name] = Sheet(name, title, frame, tuple(records(frame)))
        return self.sheets[name]

    def __contains__(self, name: str) -> bool:
        return key(name) in self.sheets

    def rows(self, name: str, **equal: Any) -> list[tuple[int, dict[str, Any]]]:
        """Return the rows of a table whose columns have given values, numbered; none where there is no such table."""
        sheet = self.sheets.get(key(name))
        found = enumerate(sheet.rows) if sheet else ()
        return [(i, row) for i, row in found if all(row.get(column) == value for column, value in equal.items())]

    def cell(self, name: str, row: int, column: str, form: Form = forms.text) -> Markup:
        """Return a number, linked to its row; a dash, unlinked, where the table has none."""
        sheet = self.sheets[key(name)]
        value = sheet.rows[row][column]
        if forms.missing(value):
            return Markup.escape(form(None))
        return LINK.format(anchor=sheet.anchor(row), column=column, text=form(value))

    def only(self, name: str, column: str, form: Form = forms.text, **equal: Any) -> Markup:
        """Return the number of the one row whose columns have given values; a dash where there is none."""
        found = self.rows(name, **equal)
        return self.cell(name, found[0][0], column, form) if found else Markup.escape(form(None))

    def standing(self, test: str) -> Markup:
        """Return the label of a test: confirmatory where it was declared and the lock holds, else exploratory."""
        found = self.rows(TESTS, test=test)
        return tag(str(found[0][1]["label"]) if found else EXPLORATORY)

    def place(self, name: str) -> Sheet:
        """Return a table that is printed whole where it is discussed, so that it is not printed at the end again."""
        self.placed.add(key(name))
        return self.sheets[key(name)]

    def at_the_end(self) -> list[Sheet]:
        """Return the tables that no section printed whole."""
        return [sheet for name, sheet in self.sheets.items() if name not in self.placed]

    def write(self, folder: Path) -> list[Path]:
        """Write every table as CSV; a row number of the page is that of the line below the heading.

        Raises
        ------
        TombolaError
            If a file cannot be written.
        """
        made = []
        for sheet in self.sheets.values():
            made.append(folder / f"{sheet.name}.csv")
            try:
                write_text(made[-1], sheet.frame.to_csv(index=False, lineterminator="\n"))
            except OSError as error:
                raise TombolaError(f"cannot write {made[-1]}: {error.strerror}") from error
        return made


def key(name: str) -> str:
    """Return the name of a table as anchors and files can hold it.

    Examples
    --------
    >>> key("published-confusion_2/3 pruned")
    'published-confusion_2_3_pruned'
    """
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)


def tag(name: str) -> Markup:
    """Return the label ``confirmatory`` or ``exploratory``."""
    return TAG.format(name=name)


def add_all(book: Book, tables: Mapping[str, pd.DataFrame], titles: Mapping[str, str], before: str = "") -> None:
    """Add the tables of an analysis; `before` begins their names."""
    for name, frame in tables.items():
        book.add(f"{before}{name}", titles.get(name, name.replace("_", " ")), frame)
