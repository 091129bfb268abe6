"""What a section of the report is made of: paragraphs, tables with linked numbers, figures, matrices, a gallery."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from markupsafe import Markup

from tombola.report.svg import Picture
from tombola.study.report import forms
from tombola.study.report.book import Book, Sheet
from tombola.study.report.forms import Form

Tone = Literal["", "claim", "small", "empty"]


@dataclass(frozen=True)
class Words:
    """A paragraph; numbers in it are links."""

    text: Markup | str
    tone: Tone = ""
    kind: str = "words"


@dataclass(frozen=True)
class Points:
    """A list of sentences; if they are the rows of a table, that table."""

    items: tuple[Markup | str, ...]
    sheet: Sheet | None = None
    kind: str = "points"


@dataclass(frozen=True)
class Figures:
    """Figures side by side."""

    pictures: tuple[Picture, ...]
    kind: str = "figures"


@dataclass(frozen=True)
class Matrix:
    """A table printed whole: counts by true class and answer, shaded by their share of the row."""

    sheet: Sheet
    title: str
    folded: bool = False
    kind: str = "matrix"


@dataclass(frozen=True)
class View:
    """A table of linked numbers; `texts` says which columns hold words."""

    title: str
    headings: tuple[str, ...]
    lines: tuple[tuple[Markup | str, ...], ...]
    texts: tuple[bool, ...]
    note: str = ""
    kind: str = "view"


@dataclass(frozen=True)
class Shot:
    """One picture of a gallery: its bytes as a data URI, what it shows, and what stands below it."""

    source: str
    alternative: str
    caption: str


@dataclass(frozen=True)
class Stimulus:
    """What participants saw at one moment, with what they said of it."""

    shots: tuple[Shot, ...]
    caption: Markup


@dataclass(frozen=True)
class Gallery:
    """Stimuli under one heading."""

    title: str
    stimuli: tuple[Stimulus, ...]
    kind: str = "gallery"


Block = Words | Points | Figures | Matrix | View | Gallery


@dataclass(frozen=True)
class Section:
    """One section of the page."""

    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Column:
    """A column of a `View`: one column of the table, or several joined, by "to" unless said otherwise."""

    heading: str
    names: tuple[str, ...]
    form: Form
    between: str = " to "


def column(heading: str, name: str, form: Form = forms.text) -> Column:
    """Return a column that shows one column of a table."""
    return Column(heading, (name,), form)


def ends(heading: str, low: str, high: str, form: Form = forms.percent) -> Column:
    """Return a column that shows an interval."""
    return Column(heading, (low, high), form)


def view(
    book: Book,
    name: str,
    columns: Sequence[Column],
    title: str,
    *,
    where: Callable[[dict[str, Any]], bool] | None = None,
    label: Callable[[dict[str, Any]], str] | None = None,
    note: str = "",
) -> View:
    """Return some columns of a table of the book, every number linked to its row.

    Parameters
    ----------
    book, name
        The table.
    columns
        What to show; texts are not linked. The first column names the row.
    title
        Above the table.
    where
        Which rows; default: all.
    label
        Row -> name of its test: adds a column that says whether the test is confirmatory.
    note
        Beside the title.

    Columns that hold nothing in all these rows are left out.
    """
    rows = [(number, row) for number, row in book.rows(name) if where is None or where(row)]
    shown = [each for each in columns if any(not forms.missing(row[each.names[0]]) for _, row in rows)]
    lines = []
    for number, row in rows:
        cells = [_cell(book, name, number, row, each) for each in shown]
        lines.append((*cells, book.standing(label(row))) if label else tuple(cells))
    headings = [each.heading for each in shown]
    texts = [any(isinstance(row[each.names[0]], str) for _, row in rows) for each in shown]
    return View(
        title,
        (*headings, "standing") if label else tuple(headings),
        tuple(lines),
        (*texts, True) if label else tuple(texts),
        note,
    )


def _cell(book: Book, name: str, number: int, row: dict[str, Any], shown: Column) -> Markup | str:
    if isinstance(row[shown.names[0]], str):
        return shown.between.join(shown.form(row[each]) for each in shown.names)
    cells = [book.cell(name, number, each, shown.form) for each in shown.names if not forms.missing(row[each])]
    return Markup.escape(shown.between).join(cells) if cells else shown.form(None)
