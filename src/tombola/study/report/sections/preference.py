"""Which explanation people called more reasonable: shares with both intervals, ties, images, strengths."""

from tombola.report.svg import Picture, picture
from tombola.study.report import forms
from tombola.study.report.blocks import Block, Figures, Section, Words, column, ends, view
from tombola.study.report.book import Book
from tombola.study.report.figures.bars import divided
from tombola.study.report.figures.intervals import Line, forest, higher
from tombola.study.report.sections.mixed import mixed
from tombola.study.report.source import Source

NAIVE = "What stands beside is the interval if all votes were independent, which they are not."


def preference(source: Source, book: Book) -> Section | None:
    """Return shares of decisive votes, clustered and naive, tie rates, and tests with the image as the unit."""
    if "shares" not in book:
        return None
    blocks: list[Block] = [
        Words(
            "People who gave several votes, and images that got several, make votes alike. The interval that counts is "
            "clustered by person and image. " + NAIVE
        ),
        Figures((_shares(book), _ties(book))),
        view(
            book,
            "shares",
            (
                column("pair", "pair"),
                column("decisive votes", "votes", forms.whole),
                column("share of the first", "share", forms.percent),
                ends("clustered", "low", "high"),
                column("p", "p", forms.p),
                ends("as if independent", "naive_low", "naive_high"),
                column("naive p", "naive_p", forms.p),
                column("design effect", "design_effect", forms.decimals(2)),
                column("p, equivalence", "equivalence_p", forms.p),
            ),
            "Share of decisive votes for the first of each pair",
            label=lambda row: f"share {row['pair']}",
        ),
        view(
            book,
            "pairs",
            (
                column("pair", "pair"),
                column("answers", "votes", forms.whole),
                column("for the first", "first_wins", forms.whole),
                column("for neither", "ties", forms.whole),
                column("for the second", "second_wins", forms.whole),
                column("tie rate", "tie_share", forms.percent),
            ),
            "All answers, ties included",
        ),
        view(
            book,
            "share_intervals",
            (column("pair", "pair"), column("resampled", "by"), ends("95 % interval", "low", "high"),
             column("draws", "draws", forms.whole)),
            "Bootstrap intervals of the same shares",
            note="Both at once counts the noise of single answers twice: the widest.",
        ),
        view(
            book,
            "share_images",
            (column("pair", "pair"), column("won", "wins", forms.whole), column("lost", "losses", forms.whole),
             column("drawn", "ties", forms.whole), column("sign test p", "sign_p", forms.p),
             column("Wilcoxon p", "wilcoxon_p", forms.p)),
            "The image as the unit: on how many the first of the pair won",
            label=lambda row: f"images {row['pair']}",
        ),
    ]  # fmt: skip
    return Section("preference", "Which explanation is more reasonable", tuple(blocks))


def _shares(book: Book) -> Picture:
    lines = [
        Line(row["pair"], *(number(row[name]) for name in ("share", "low", "high", "naive_low", "naive_high")))
        for _, row in book.rows("shares")
    ]
    return picture(
        "shares",
        lambda axes: forest(axes, lines, label="share of decisive votes for the first", middle=0.5),
        "Share of decisive votes for the first of each pair, with two intervals. The table below holds the numbers.",
        "Dashed: nobody is preferred. Bars are 95 % intervals.",
        higher=higher(len(lines)),
    )


def _ties(book: Book) -> Picture:
    rows = [row for _, row in book.rows("pairs")]
    parts = {
        name: [row[column] / row["votes"] if row["votes"] else 0.0 for row in rows]
        for name, column in (
            ("for the first", "first_wins"),
            ("for neither", "ties"),
            ("for the second", "second_wins"),
        )
    }
    return picture(
        "ties",
        lambda axes: divided(axes, [row["pair"] for row in rows], parts, "share of all answers"),
        "How all answers of each pair divide: first, neither, second. The second table below holds the numbers.",
        "All answers, those for neither included.",
        higher=higher(len(rows)),
    )


def number(value: float | None) -> float:
    """Return a value for drawing, NaN where there is none."""
    return float("nan") if value is None else float(value)


STRENGTHS = "Strengths of the conditions"
MODELS = {
    "bradley-terry": "Bradley\N{EN DASH}Terry (ties dropped)",
    "davidson": "Davidson, one tie parameter",
    "davidson, nu per pair": "Davidson, a tie parameter per pair",
}


def strengths(source: Source, book: Book) -> Section | None:
    """Return strengths of the conditions under every model that could be fitted, and the mixed model of each pair."""
    others = mixed(book)
    if "strengths" not in book:
        return Section("strengths", STRENGTHS, tuple(others)) if others else None
    best = [row for _, row in book.rows("strengths", model="davidson, nu per pair", kind="strength")]
    rows = best or [row for _, row in book.rows("strengths", kind="strength")]
    lines = [Line(row["parameter"], *(number(row[name]) for name in ("estimate", "low", "high"))) for row in rows]
    columns = (
        column("model", "model", forms.named(MODELS)),
        column("parameter", "parameter"),
        column("estimate", "estimate", forms.decimals(3)),
        ends("clustered 95 %", "low", "high", forms.decimals(3)),
        column("clustered se", "clustered_se", forms.decimals(3)),
        column("p", "p", forms.p),
    )
    fits = (
        column("model", "model", forms.named(MODELS)),
        column("log likelihood", "log_likelihood", forms.decimals(1)),
        column("χ²", "chi2", forms.decimals(2)), column("df", "df"), column("p", "p", forms.p),
    )  # fmt: skip
    drawn = picture(
        "strengths",
        lambda axes: forest(axes, lines, label="strength, natural logarithm", middle=0.0, shares=False),
        "Strengths of the conditions with clustered intervals. The table below holds the numbers.",
        "Dashed: the condition that all strengths are measured against.",
        higher=higher(len(lines)),
    )
    words = "The difference of two strengths is the logarithm of the odds that one condition is preferred to the other."
    return Section(
        "strengths",
        STRENGTHS,
        (
            Words(words),
            Figures((drawn,)),
            view(book, "strengths", columns, "Strengths and tie parameters", label=lambda row: "strength",
                 where=lambda row: row["kind"] == "strength" or row["model"] != "davidson"),
            view(book, "strength_fits", fits, "Do the models fit?", label=lambda row: "fit",
                 note="A small p says the model does not describe these votes."),
            *others,
        ),
    )  # fmt: skip
