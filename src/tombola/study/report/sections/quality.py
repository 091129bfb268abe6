"""How far people agree, how attentive they were, and what quality filters would change."""

from tombola.study.report import forms
from tombola.study.report.blocks import Block, Column, Section, View, Words, column, ends, view
from tombola.study.report.book import Book
from tombola.study.report.source import Source
from tombola.study.statistics.filters import NO_ANSWERS, NOT_MEASURED

SHARE = "share "
"""How names of results begin that are shares of a pair."""


def agreement(source: Source, book: Book) -> Section | None:
    """Return alpha with intervals, attention checks and repeats."""
    blocks: list[Block] = []
    columns: tuple[Column, ...]
    if "agreement" in book:
        columns = (
            column("task", "task"), column("what", "what"), column("alpha", "alpha", forms.decimals(3)),
            ends("95 % interval", "low", "high", forms.decimals(3)), column("pictures", "units", forms.whole),
            column("answers", "answers", forms.whole),
        )  # fmt: skip
        blocks += [
            Words("Krippendorff's alpha: 1 where all raters of a picture agree, 0 where they do so by chance."),
            view(book, "agreement", columns, "Agreement of raters"),
        ]
    if "checks" in book:
        columns = (
            column("check", "check"), column("answers", "answers", forms.whole),
            column("people", "participants", forms.whole), column("right, or as before", "share", forms.percent),
            ends("clustered 95 %", "low", "high"), column("kappa", "kappa", forms.decimals(2)),
        )  # fmt: skip
        blocks.append(view(book, "checks", columns, "Attention checks and repeated questions"))
    else:
        blocks.append(Words("There were no attention checks and no repeated questions.", "empty"))
    return Section("agreement", "Agreement and attention", tuple(blocks)) if "agreement" in book else None


def quality(source: Source, book: Book) -> Section | None:
    """Return every headline result under every filter that could be applied, and name those that could not."""
    rows = [row for _, row in book.rows("sensitivity")]
    if not rows:
        return None
    applied = {row["filter"] for row in rows if row["note"] not in (NOT_MEASURED, NO_ANSWERS)}
    missing = list(dict.fromkeys(row["filter"] for row in rows if row["filter"] not in applied))
    blocks: list[Block] = [
        Words(
            "No answer is left out silently. The unfiltered result is the result; the other lines say what each filter "
            "would make of it. Each task is filtered by itself; p-values here are not adjusted."
        )
    ]
    blocks += [_result(book, name) for name in dict.fromkeys(str(row["result"]) for row in rows)]
    if missing:
        blocks.append(Words(f"Not measured here, so not applied: {'; '.join(missing)}.", "small"))
    return Section("quality", "Quality filters", tuple(blocks))


def _result(book: Book, result: str) -> View:
    share = result.startswith(SHARE)
    form = forms.percent if share else forms.points
    columns = (
        column("filter", "filter"),
        column("answers", "answers", forms.whole),
        column("people", "participants", forms.whole),
        column("left out", "excluded_answers", forms.whole),
        column("share" if share else "difference, points", "estimate", form),
        ends("clustered 95 %", "low", "high", form),
        column("p", "p", forms.p),
        column("note", "note", lambda note: note or ""),
    )
    return view(
        book,
        "sensitivity",
        columns,
        result.capitalize() if not share else result.removeprefix(SHARE),
        where=lambda row: row["result"] == result and row["note"] not in (NOT_MEASURED, NO_ANSWERS),
        label=lambda row: result if row["filter"] == "unfiltered" else "filtered",
    )
