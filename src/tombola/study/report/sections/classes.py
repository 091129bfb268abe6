"""Do classes of images differ? The test for that first, then the forest of every pair."""

from tombola.report.svg import Picture, picture
from tombola.study.report import forms
from tombola.study.report.blocks import Block, Figures, Section, View, Words, column, ends, view
from tombola.study.report.book import Book, key
from tombola.study.report.figures.intervals import Line, forest, higher
from tombola.study.report.headline import significant
from tombola.study.report.sections.preference import number
from tombola.study.report.source import Source

KINDS = {"clustered": "clustered", "naive": "as if independent"}


def classes(source: Source, book: Book) -> Section | None:
    """Return the heterogeneity tests, and below them the shares by class."""
    if not book.rows("class_shares"):
        return None
    pairs = list(dict.fromkeys(row["pair"] for _, row in book.rows("class_shares")))
    blocks: list[Block] = [
        Words(
            "First question: is the preference the same in all classes? Only where that is refuted at 5 % are single "
            "classes tested, adjusted after Holm; otherwise their shares are shown without a test."
        ),
        view(
            book,
            "class_heterogeneity",
            (
                column("pair", "pair"),
                column("variance", "kind", forms.named(KINDS)),
                column("χ²", "chi2", forms.decimals(2)),
                column("df", "df"),
                column("p", "p", forms.p),
            ),
            "Are all classes alike?",
            label=lambda row: f"classes {row['pair']}" if row["kind"] == "clustered" else "naive",
        ),
        Figures(tuple(_forest(book, pair) for pair in pairs)),
    ]
    blocks += [_table(book, pair) for pair in pairs]
    return Section("classes", "Classes of images", tuple(blocks))


def _table(book: Book, pair: str) -> View:
    columns = (
        column("class", "image_class"),
        column("for the first", "first_wins", forms.whole),
        column("for neither", "ties", forms.whole),
        column("for the second", "second_wins", forms.whole),
        column("share", "first_share", forms.percent),
        ends("clustered 95 %", "low", "high"),
        column("adjusted p", "p_adjusted", forms.p),
    )
    return view(
        book,
        "class_shares",
        columns,
        f"{pair}, by class",
        where=lambda row: bool(row["pair"] == pair),
        label=lambda row: f"class {row['image_class']} {pair}",
    )


def _forest(book: Book, pair: str) -> Picture:
    rows = [row for _, row in book.rows("class_shares", pair=pair)]
    lines = [Line(row["image_class"], *(number(row[name]) for name in ("first_share", "low", "high"))) for row in rows]
    for _, row in book.rows("shares", pair=pair):
        lines.append(Line("all classes", *(number(row[name]) for name in ("share", "low", "high"))))
    first, _, second = pair.partition(" v ")
    verdict = "Classes differ" if significant(book, f"classes {pair}") else "No difference between classes is shown"
    return picture(
        f"classes-{key(pair)}",
        lambda axes: forest(axes, lines, label=f"share for {first} against {second}", middle=0.5),
        f"Share of decisive votes for {first} against {second} by class. The table below holds the numbers.",
        f"{pair}. {verdict}.",
        higher=higher(len(lines)),
    )
