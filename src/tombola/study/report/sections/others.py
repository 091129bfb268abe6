"""The other tasks, and how an outcome changes with the compression rate."""

import math

from tombola.report.svg import picture
from tombola.study.report import forms
from tombola.study.report.blocks import Block, Column, Figures, Section, Words, column, ends, view
from tombola.study.report.book import Book
from tombola.study.report.figures.rates import Point, against_rate
from tombola.study.report.source import Source


def others(source: Source, book: Book) -> Section | None:
    """Return agreement, distinction and forward simulation: accuracy against chance, trust, change."""
    blocks: list[Block] = []
    columns: tuple[Column, ...]
    if "task_accuracy" in book:
        columns = (
            column("task", "task"), column("condition", "condition"), column("explanation", "phase"),
            column("answers", "answers", forms.whole), column("right", "accuracy", forms.percent),
            ends("clustered 95 %", "low", "high"), column("chance", "chance", forms.percent), column("p", "p", forms.p),
        )  # fmt: skip
        blocks.append(
            view(book, "task_accuracy", columns, "Right answers against chance",
                 label=lambda row: f"accuracy {row['task']} {row['condition']}")
        )  # fmt: skip
    if "trust" in book:
        blocks.append(Words("An explanation that helps widens the difference; one that only persuades raises both."))
        columns = (
            column("condition", "condition"), column("measure", "measure"), column("answers", "answers", forms.whole),
            column("value", "value", forms.percent), ends("clustered 95 %", "low", "high"), column("p", "p", forms.p),
        )  # fmt: skip
        blocks.append(
            view(book, "trust", columns, "Trust in predictions", label=lambda row: f"trust {row['condition']}")
        )
    if "change" in book:
        columns = (
            column("condition", "condition"), column("pairs", "pairs", forms.whole),
            column("before", "before", forms.percent), column("after", "after", forms.percent),
            column("change, points", "change", forms.points), ends("clustered 95 %", "low", "high", forms.points),
            column("became right", "gained", forms.whole), column("became wrong", "lost", forms.whole),
            column("p", "p", forms.p),
        )  # fmt: skip
        blocks.append(
            view(book, "change", columns, "What seeing the explanation changed",
                 label=lambda row: f"change {row['condition']}")
        )  # fmt: skip
    return Section("tasks", "Other tasks", tuple(blocks)) if blocks else None


def dose(source: Source, book: Book) -> Section | None:
    """Return means by compression rate, and the linear and quadratic contrasts with their intervals."""
    if "dose_contrasts" not in book:
        return None
    series: dict[str, list[Point]] = {}
    for _, row in book.rows("dose_means"):
        series.setdefault(row["task"], []).append((row["rate"], row["mean"], math.nan, math.nan))
    drawn = picture(
        "dose",
        lambda axes: against_rate(axes, series, "mean outcome"),
        "Mean outcome against compression rate. The table below holds the numbers.",
        "Means over images and replicates; the contrasts below have the intervals.",
    )
    digits = forms.decimals(4)
    columns = (
        column("task", "task"), column("contrast", "contrast"), column("interval over", "by"),
        column("groups", "groups"), column("estimate", "estimate", digits), ends("95 %", "low", "high", digits),
        column("best rate", "peak_rate", forms.decimals(1)),
    )  # fmt: skip
    means = (column("task", "task"), column("rate", "rate"), column("networks", "replicates"),
             column("images", "images", forms.whole), column("mean", "mean", forms.percent))  # fmt: skip
    return Section(
        "dose",
        "Change with the compression rate",
        (
            Words("Linear: change per doubling of the rate. Quadratic: below zero where there is a sweet spot."),
            Figures((drawn,)),
            view(book, "dose_contrasts", columns, "Contrasts", label=lambda row: "dose"),
            view(book, "dose_means", means, "Means by rate"),
        ),
    )
