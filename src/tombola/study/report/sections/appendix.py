"""The analysis as the published study made it, for comparison; and the tests that are refused, by name."""

import pandas as pd
from markupsafe import Markup

from tombola.errors import TombolaError
from tombola.study.published import goodness_of_fit
from tombola.study.report import forms
from tombola.study.report.blocks import Block, Column, Points, Section, Words, column, view
from tombola.study.report.book import Book
from tombola.study.report.source import Source

NOTES = "published-notes"
UNFIT = "the expected counts are a sample themselves, so this is no goodness of fit; use the contingency test"


def appendix(source: Source, book: Book) -> Section | None:
    """Return the published tables and the refused tests; nothing where the tasks have no published analysis."""
    if source.published is None:
        return None
    notes = source.published.notes
    book.add(NOTES, "As published: what must be said", pd.DataFrame({"note": notes}))
    blocks: list[Block] = [Points(tuple(notes), book.place(NOTES))]
    columns: tuple[Column, ...]
    if book.rows("published-pairs"):
        columns = (
            column("pair", "pair"), column("votes", "votes", forms.whole),
            column("for the first", "first_wins", forms.whole), column("for the second", "second_wins", forms.whole),
            column("ties", "ties", forms.whole), column("share", "first_share", forms.percent),
            column("χ²", "chi2", forms.decimals(4)), column("p", "p", forms.exact),
            column("Holm", "p_holm", forms.exact),
            column("exact p", "binomial_p", forms.exact),
        )  # fmt: skip
        blocks.append(view(book, "published-pairs", columns, "Each pair against 50:50", label=lambda row: "published"))
    for name, title in (
        ("published-heterogeneity", "Contingency of votes"),
        ("published-recognition_tests", "Contingency of right answers"),
    ):
        if book.rows(name):
            columns = (column("test", "test"), column("χ²", "chi2", forms.decimals(4)), column("df", "df"),
                       column("p", "p", forms.exact))  # fmt: skip
            blocks.append(view(book, name, columns, title, label=lambda row: "published"))
    if book.rows("published-agreement"):
        columns = (column("task", "task"), column("duplicate answers", "duplicates"),
                   column("alpha", "alpha", forms.decimals(6)))  # fmt: skip
        blocks.append(view(book, "published-agreement", columns, "Agreement over sides"))
    blocks += [Words("Refused, because they are no tests:"), Points(tuple(refused(book)))]
    return Section("published", "Appendix: the analysis as published", tuple(blocks))


def refused(book: Book) -> list[Markup | str]:
    """Return the published tests that are not made, each with the reason.

    The published study took one condition's correct counts as the expected counts of the two others (reference:
    explainability 10.5); that is refused whether or not the totals happen to agree.
    """
    rows = {str(row["condition"]): (i, row["correct"]) for i, row in book.rows("recognition")}
    counts = {name: book.cell("recognition", i, "correct", forms.whole) for name, (i, _) in rows.items()}
    said: list[Markup | str] = []
    for expected in rows:
        others = [name for name in rows if name != expected]
        if len(others) < 2:
            continue
        try:
            goodness_of_fit([rows[name][1] for name in others], [rows[expected][1]] * len(others))
            totals = ""
        except TombolaError:
            totals = "the totals differ, and "
        text = Markup(
            "Goodness of fit of {others} ({counts} right) to the count of {expected} ({count} right): {totals}{why}."
        )
        both = Markup(" and ").join(counts[name] for name in others)
        said.append(text.format(others=" and ".join(others), counts=both, expected=expected, count=counts[expected],
                                totals=totals, why=UNFIT))  # fmt: skip
    return said or [f"Goodness of fit of conditions to the counts of another condition: {UNFIT}."]
