"""The report of a study: one self-contained HTML page, and the tables behind every number of it as CSV beside it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tombola.store.files import told_clearly, write_text
from tombola.study.report import facts, titles
from tombola.study.report.blocks import Section
from tombola.study.report.book import Book, add_all
from tombola.study.report.headline import headline
from tombola.study.report.sections import (
    accuracy,
    appendix,
    classes,
    gallery,
    human_metrics,
    notices,
    others,
    preference,
    quality,
    recognition,
    standing,
)
from tombola.study.report.source import Source
from tombola.study.report.templating import fill

SECTIONS: Final[tuple[Callable[[Source, Book], Section | None], ...]] = (
    accuracy.accuracy,
    preference.preference,
    classes.classes,
    preference.strengths,
    recognition.recognition,
    others.others,
    others.dose,
    human_metrics.human_metrics,
    gallery.gallery,
    quality.agreement,
    quality.quality,
    notices.notices,
    standing.standing,
    appendix.appendix,
)
"""The page in reading order. A section that has nothing to say returns None."""


@dataclass(frozen=True, eq=False)
class Report:
    """A report: the page, and the tables it rests on."""

    html: str
    book: Book


def render_report(source: Source) -> Report:
    """Return the page without any reference to another file or the network, and its book of tables."""
    book = Book()
    for name, title, frame in (
        ("asked", "What was asked of how many, main trials", facts.asked(source.answers)),
        ("pay", "Pay from measured times", facts.pay(source)),
        ("selection", "How images were chosen", facts.selection(source)),
        ("contamination", "What a backbone pretrained on ImageNet has seen", facts.seen(source)),
    ):
        if len(frame):
            book.add(name, title, frame)
    add_all(book, source.valid.tables, titles.VALID)
    if source.published is not None:
        add_all(book, source.published.tables, titles.PUBLISHED, "published-")
    top = headline(source, book)
    sections = [section for make in SECTIONS if (section := make(source, book)) is not None]
    return Report(fill("page.html", title=source.title, top=top, sections=sections, book=book), book)


def write_report(source: Source, target: Path) -> Path:
    """Write the page, and a folder ``<name>-tables`` of CSV files beside it; return where the page is.

    Raises
    ------
    TombolaError
        If a file cannot be written.
    """
    report = render_report(source)
    with told_clearly(target):
        report.book.write(tables_folder(target))
        write_text(target, report.html)
    return target


def tables_folder(target: Path) -> Path:
    """Return the folder of the tables that belong to a page."""
    return target.with_name(f"{target.stem}-tables")
