"""Whether people recognise a picture from what the explanation leaves visible."""

from tombola.analysis.wording import MINUS
from tombola.report.svg import Picture, picture
from tombola.study.report import forms
from tombola.study.report.blocks import Block, Column, Figures, Matrix, Section, Words, column, ends, view
from tombola.study.report.book import Book
from tombola.study.report.figures.bars import divided
from tombola.study.report.figures.intervals import Line, forest, higher
from tombola.study.report.sections.preference import number
from tombola.study.report.source import Source
from tombola.study.statistics.recognition import TESTS

PREFIX = "published-confusion_"


def recognition(source: Source, book: Book) -> Section | None:
    """Return accuracy and abstention by condition, their differences, majorities, and confusion matrices."""
    if "recognition" not in book:
        return None
    blocks: list[Block] = [
        Words("An abstention is an answer that is not right, and is counted apart from a wrong one."),
        Figures((_accuracies(book), _outcomes(book))),
        view(
            book,
            "recognition",
            (column("condition", "condition"), column("answers", "answers", forms.whole),
             column("right", "correct", forms.whole), column("wrong", "wrong", forms.whole),
             column("abstained", "abstained", forms.whole), column("accuracy", "accuracy", forms.percent),
             ends("clustered 95 %", "low", "high"), ends("as if independent", "naive_low", "naive_high"),
             column("abstention", "abstention", forms.percent),
             column("right if answered", "accuracy_given_answer", forms.percent)),
            "By condition",
        ),
        view(
            book,
            "recognition_differences",
            (Column("conditions", ("first", "second"), forms.text, f" {MINUS} "), column("of", "outcome"),
             column("difference, points", "difference", forms.points),
             ends("clustered 95 %", "low", "high", forms.points), column("p", "p", forms.p),
             column("naive p", "naive_p", forms.p), column("Wilcoxon p, by image", "wilcoxon_p", forms.p),
             column("p, equivalence", "equivalence_p", forms.p)),
            "First minus second",
            label=_test,
        ),
        view(
            book,
            "recognition_tests",
            (column("test", "test"), column("χ²", "chi2", forms.decimals(2)), column("df", "df"),
             column("p", "p", forms.p)),
            "Are all conditions alike?",
            note="Contingency takes answers as independent; Friedman compares images.",
            label=lambda row: row["test"],
        ),
        view(
            book,
            "recognition_majority",
            (column("condition", "condition"), column("pictures", "pictures"), column("right", "right"),
             column("wrong", "wrong"), column("abstained", "abstained"), column("tied", "tied")),
            "What most raters of a picture said",
            note="Ties are not broken.",
        ),
    ]  # fmt: skip
    return Section("recognition", "What people recognise", (*blocks, *_matrices(book)))


def _test(row: dict[str, str]) -> str:
    return f"{TESTS.get(row['outcome'], row['outcome'])} {row['first']} - {row['second']}"


def _matrices(book: Book) -> list[Block]:
    names = [name for name in book.sheets if name.startswith(PREFIX)]
    if not names:
        return []
    words = "Rows are true classes, columns what people said; counts, shaded by their share of the row."
    matrices = [
        Matrix(book.place(name), f"Confusion matrix, {_named(name)}", folded=name != f"{PREFIX}all") for name in names
    ]
    return [Words(words), *matrices]


def _named(name: str) -> str:
    condition = name.removeprefix(PREFIX)
    return "all conditions" if condition == "all" else condition


def _accuracies(book: Book) -> Picture:
    names = ("accuracy", "low", "high", "naive_low", "naive_high")
    lines = [Line(row["condition"], *(number(row[name]) for name in names)) for _, row in book.rows("recognition")]
    return picture(
        "recognised",
        lambda axes: forest(axes, lines, label="share of answers that are right"),
        "Share of right answers by condition, with two intervals. The table below holds the numbers.",
        "Bars are 95 % intervals.",
        higher=higher(len(lines)),
    )


def _outcomes(book: Book) -> Picture:
    rows = [row for _, row in book.rows("recognition")]
    parts = {
        name: [row[name] / row["answers"] if row["answers"] else 0.0 for row in rows]
        for name in ("correct", "abstained", "wrong")
    }
    shown = {"right": parts["correct"], "abstained": parts["abstained"], "wrong": parts["wrong"]}
    return picture(
        "outcomes",
        lambda axes: divided(axes, [row["condition"] for row in rows], shown, "share of all answers"),
        "How answers divide into right, abstained and wrong, by condition. The table below holds the numbers.",
        "Right, abstained, wrong.",
        higher=higher(len(rows)),
    )
