"""Preregistration: whether there was one, whether it holds, what deviated; and every test with its standing."""

from tombola.study.report import forms
from tombola.study.report.blocks import Block, Points, Section, Words, column, view
from tombola.study.report.book import TESTS, Book
from tombola.study.report.source import Source


def standing(source: Source, book: Book) -> Section:
    """Return the state of the lock, its deviations, and the table of tests."""
    blocks: list[Block] = []
    lock = source.lock
    if lock is None:
        blocks.append(Words("These answers come from files without a preregistration. Every test is exploratory."))
    elif not lock.locked:
        blocks.append(Words("The study was never locked, so nothing was preregistered. Every test is exploratory."))
    else:
        state = "holds" if lock.confirmatory else "does not hold"
        blocks.append(Words(f"Locked at {lock.at}, SHA-256 {lock.digest[:16]}… The lock {state}."))
        if lock.problems:
            blocks.append(Points(tuple(f"Not confirmatory: {problem}." for problem in lock.problems)))
    if lock is not None and lock.deviations:
        blocks.append(Words("Deviations from the plan, as they were logged:"))
        blocks.append(Points(tuple(f"{each.at}: {each.reason}" for each in lock.deviations)))
    elif lock is not None and lock.locked:
        blocks.append(Words("No deviation from the plan was logged."))
    if book.rows(TESTS):
        columns = (
            column("test", "test"), column("family", "family"), column("p", "p", forms.p),
            column("adjusted p", "p_adjusted", forms.p), column("after", "correction"),
        )  # fmt: skip
        blocks.append(view(book, TESTS, columns, "Every test", label=lambda row: row["test"]))
    blocks.append(Words("A p-value that is not in this table has no declared family and is exploratory.", "small"))
    return Section("standing", "Preregistration and tests", tuple(blocks))
