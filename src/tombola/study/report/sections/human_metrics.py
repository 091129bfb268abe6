"""Explanation metrics beside what people said."""

from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from tombola.report.svg import Picture, picture
from tombola.study.report import forms
from tombola.study.report.blocks import Block, Figures, Section, Words, column, ends, view
from tombola.study.report.book import Book, key
from tombola.study.report.figures.scatter import named_points, scatter
from tombola.study.report.human import by_image
from tombola.study.report.metrics import by_condition, correlations, joined
from tombola.study.report.sections.preference import number
from tombola.study.report.source import Source

TABLE, CONDITIONS = "metric_human", "metric_human_conditions"
PREFERRED = "davidson, nu per pair"
MOST = 12
"""Scatters drawn at most; the table has all."""


def human_metrics(source: Source, book: Book) -> Section | None:
    """Return a scatter and a rank correlation per metric and pair or condition; nothing where no metrics were named."""
    if source.metrics is None:
        return None
    pairs = [tuple(row["pair"].split(" v ", 1)) for _, row in book.rows("shares")]
    points = joined(by_image(source.answers, pairs or None), source.metrics)
    blocks = [*_images(book, points), *_conditions(book, source.metrics)]
    if not blocks:
        words = "The metrics are of other images or conditions than the answers, so nothing can be compared."
        blocks = [Words(words, "empty")]
    return Section("metrics", "Metrics and people", tuple(blocks))


def _images(book: Book, points: pd.DataFrame) -> list[Block]:
    if points.empty:
        return []
    book.add(
        TABLE, "Rank correlation of an explanation metric with what people said, over images", correlations(points)
    )
    groups = list(points.groupby(["task", "what", "metric"], sort=False))
    drawn = tuple(
        _scatter(i, str(task), str(what), str(metric), mine.metric_value.to_numpy(float), mine.score.to_numpy(float))
        for i, ((task, what, metric), mine) in enumerate(groups[:MOST])
    )
    columns = (
        column("task", "task"), column("pair or condition", "what"), column("metric", "metric"),
        column("images", "images", forms.whole), column("Spearman's rho", "rho", forms.decimals(2)),
        ends("95 % interval", "low", "high", forms.decimals(2)),
    )  # fmt: skip
    words = (
        "Does a metric say what people say? A point is an image. For a pair both axes are differences, the first "
        "condition minus the second."
    )
    more = f" Drawn are {MOST} of {len(groups)}." if len(groups) > MOST else ""
    note = "Intervals are over images, not over networks."
    table = view(book, TABLE, columns, "Rank correlations over images", label=lambda row: "metric", note=note)
    return [Words(words + more), Figures(drawn), table]


def _conditions(book: Book, metrics: pd.DataFrame) -> list[Block]:
    rows = [
        (what, metric, condition, means[condition], *numbers)
        for metric, means in by_condition(metrics).items()
        for what, condition, *numbers in _outcomes(book)
        if condition in means
    ]
    if not rows:
        return []
    table = pd.DataFrame(rows, columns=["outcome", "metric", "condition", "metric_mean", "value", "low", "high"])
    book.add(CONDITIONS, "Mean of an explanation metric, and what people made of it, by condition", table)
    groups = list(table.groupby(["outcome", "metric"], sort=False))
    drawn = tuple(_named(i, str(what), str(metric), mine) for i, ((what, metric), mine) in enumerate(groups[:MOST]))
    columns = (
        column("outcome", "outcome"), column("metric", "metric"), column("condition", "condition"),
        column("mean of the metric", "metric_mean", forms.exact), column("outcome", "value", forms.decimals(3)),
        ends("clustered 95 %", "low", "high", forms.decimals(3)),
    )  # fmt: skip
    words = "By condition there are too few points for a correlation; each may differ for any other reason."
    return [Words(words), Figures(drawn), view(book, CONDITIONS, columns, "Metrics and people, by condition")]


def _outcomes(book: Book) -> list[tuple[str, str, float, float, float]]:
    """Return what people made of every condition: outcome, condition, value, ends of its interval."""
    found: list[tuple[str, str, float, float, float]] = []
    models = {str(row["model"]) for _, row in book.rows("strengths")}
    model = PREFERRED if PREFERRED in models else min(models, default="")
    strengths = [row for _, row in book.rows("strengths", model=model, kind="strength")]
    fixed = {name for _, row in book.rows("pairs") for name in (row["first"], row["second"])}
    for name in sorted(fixed - {row["parameter"] for row in strengths}) if strengths else ():
        found.append(("strength", name, 0.0, np.nan, np.nan))
    found += [("strength", row["parameter"], *_numbers(row, "estimate")) for row in strengths]
    found += [("recognised", row["condition"], *_numbers(row, "accuracy")) for _, row in book.rows("recognition")]
    for _, row in book.rows("task_accuracy"):
        if row["phase"] != "before":
            found.append((f"right, {row['task']}", row["condition"], *_numbers(row, "accuracy")))
    return found


def _numbers(row: dict[str, Any], name: str) -> tuple[float, float, float]:
    return number(row[name]), number(row["low"]), number(row["high"])


def _named(index: int, what: str, metric: str, mine: pd.DataFrame) -> Picture:
    points = list(mine[["metric_mean", "value", "low", "high"]].itertuples(index=False, name=None))
    return picture(
        f"conditions-{index}-{key(metric)}",
        lambda axes: named_points(axes, list(mine.condition), points, (f"{metric}, mean", what)),
        f"{what} against the mean of {metric}, a point per condition. The table below holds the numbers.",
        f"{metric}: {what}, by condition. Bars are 95 % intervals.",
    )


def _scatter(
    number: int, task: str, what: str, metric: str, x: Float[np.ndarray, " image"], y: Float[np.ndarray, " image"]
) -> Picture:
    paired = task == "pairwise"
    labels = (f"{metric}, difference" if paired else metric, "votes for the first minus second, of all" if paired
              else "share of right answers")  # fmt: skip
    return picture(
        f"scatter-{number}-{key(metric)}",
        lambda axes: scatter(axes, x, y, labels, signed=paired),
        f"{metric} against answers of people for {what}, a point per image. The table below holds the correlation.",
        f"{what}: {metric}.",
    )
