"""Accuracy of the networks against compression rate."""

import math

from tombola.analysis.wording import percent
from tombola.report.svg import picture
from tombola.study.report import forms
from tombola.study.report.blocks import Figures, Section, Words, column, ends, view
from tombola.study.report.book import Book
from tombola.study.report.figures.rates import Point, against_rate
from tombola.study.report.ladder import NOTHING
from tombola.study.report.source import Source

TABLE = "ladder"
COLUMNS = (
    column("network", "network"),
    column("rate", "rate", forms.exact),
    column("density", "density", percent),
    column("scope", "scope"),
    column("whole model", "whole_model_compression", forms.decimals(3)),
    column("n", "replicates"),
    column("top-1", "test_top1", forms.percent),
    ends("95 % interval", "low", "high"),
    column("over", "interval_over", lambda over: "" if over == NOTHING else over),
    column("test images", "test_n", forms.whole),
    column("clean subset", "clean_top1", forms.percent),
    column("its images", "clean_n", forms.whole),
)


def accuracy(source: Source, book: Book) -> Section | None:
    """Return the ladder as figure and table; nothing where no results were named."""
    if source.accuracy is None or source.accuracy.empty:
        return None
    book.add(TABLE, "Test accuracy by compression rate", source.accuracy)
    series: dict[str, list[Point]] = {}
    for _, row in book.rows(TABLE):
        ends_ = (math.nan if row["low"] is None else row["low"], math.nan if row["high"] is None else row["high"])
        series.setdefault(row["network"], []).append((row["rate"], row["test_top1"], *ends_))
    said = "Test accuracy (top-1) against compression rate. The table below holds the numbers."
    drawn = picture("ladder", lambda axes: against_rate(axes, series, "test accuracy, top-1"), said, _caption(book))
    whole = all(not forms.missing(row["whole_model_compression"]) for _, row in book.rows(TABLE))
    beside = "stands beside them" if whole else "is not known throughout"
    note = f"Rate and density are of the scope; the whole model's compression {beside}."
    return Section(
        "accuracy",
        "Accuracy against compression rate",
        (Words(_words(book)), Figures((drawn,)), view(book, TABLE, COLUMNS, "Test accuracy", note=note)),
    )


def _caption(book: Book) -> str:
    over = {row["interval_over"] for _, row in book.rows(TABLE)} - {NOTHING}
    return (
        f"Bars are 95 % intervals over {' or '.join(sorted(over))}." if over else "One network per rate, no interval."
    )


def _words(book: Book) -> str:
    sole = any(row["replicates"] == 1 for _, row in book.rows(TABLE))
    text = "What the pruned networks still get right, before anybody is asked about their explanations."
    if sole:
        text += (
            " With one network per rate an interval covers the choice of test images only, not the luck of a training."
        )
    return text
