"""The top of a report, in plain words: what was asked, of how many, what can be concluded and what cannot."""

from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from tombola.analysis.wording import listing
from tombola.study.report import forms
from tombola.study.report.book import TESTS, Book
from tombola.study.report.facts import replicates
from tombola.study.report.source import Source
from tombola.study.statistics.dose import CAVEAT, REPLICATES
from tombola.study.statistics.families import CONFIRMATORY

ALPHA: Final = 0.05
SLIGHT: Final = 0.1
"""Distance from one half below which a preference is called slight."""
QUESTIONS: Final = {
    "pairwise": "which of two models explains its decision more reasonably, or neither",
    "recognition": "what a picture shows of which only the most important parts are visible",
    "agreement": "whether a model's prediction is right, given its explanation",
    "distinction": "which of four explained classes a model predicted",
    "forward-simulation": "what a model would say, before and after seeing its explanation",
}


@dataclass(frozen=True)
class Headline:
    """What a reader sees first.

    Attributes
    ----------
    badge, tone
        Standing of the analysis, and its colour (a class of the style sheet).
    text
        The result in a sentence without numbers.
    asked, found, open_
        Sentences: what was asked; what can be concluded; what cannot.
    """

    badge: str
    tone: str
    text: str
    asked: tuple[Markup, ...]
    found: tuple[Markup, ...]
    open_: tuple[Markup | str, ...]


def headline(source: Source, book: Book) -> Headline:
    """Return the top of the page; the book holds all tables already."""
    declared = any(row["label"] == CONFIRMATORY for _, row in book.rows(TESTS))
    badge, tone = ("Confirmatory", "yes") if declared else ("Exploratory", "open")
    found = (*_shares(book), *_differences(book), *_others(book))
    return Headline(badge, tone, _summary(book), _asked(book), found, _open(source, book, declared))


def _asked(book: Book) -> tuple[Markup, ...]:
    said = []
    for i, row in book.rows("asked"):
        people, answers, images, models = (
            book.cell("asked", i, name, forms.whole) for name in ("participants", "answers", "images", "conditions")
        )
        text = Markup("{people} people were asked {question}: {answers} answers about {images} images and {n} models.")
        question = QUESTIONS[row["task"]]
        said.append(text.format(people=people, question=question, answers=answers, images=images, n=models))
    return tuple(said)


def significant(book: Book, test: str) -> bool:
    """Return whether a test's adjusted p is below 5 %."""
    found = book.rows(TESTS, test=test)
    value = found[0][1]["p_adjusted"] if found else None
    return not forms.missing(value) and float(value) < ALPHA  # type: ignore[arg-type]


def p_of(book: Book, test: str) -> Markup:
    """Return the adjusted p of a test, linked, with its standing."""
    found = book.rows(TESTS, test=test)
    if not found or forms.missing(found[0][1]["p_adjusted"]):
        return Markup("no test")
    shown = book.cell(TESTS, found[0][0], "p_adjusted", forms.p)
    return Markup("adjusted p {p} {tag}").format(p=shown, tag=book.standing(test))


def _shares(book: Book) -> list[Markup]:
    said = []
    for i, row in book.rows("shares"):
        pair, test = row["pair"], f"share {row['pair']}"
        first, _, second = pair.partition(" v ")
        if forms.missing(row["share"]):
            said.append(Markup("{}: nobody was for either side.").format(pair))
            continue
        share, low, high = (book.cell("shares", i, name, forms.percent) for name in ("share", "low", "high"))
        ties = book.only("pairs", "tie_share", forms.percent, pair=pair)
        text = Markup(
            "<b>{pair}.</b> {ties} of answers were for neither. Of the others {share} were for {first} "
            "(95\N{NARROW NO-BREAK SPACE}% interval {low} to {high}; {p}): {verdict}"
        )
        if significant(book, test):
            winner = first if row["share"] > 0.5 else second
            verdict = f"people preferred {winner}{' slightly' if abs(row['share'] - 0.5) < SLIGHT else ''}."
        else:
            verdict = "no preference is shown; it may still be anywhere in the interval."
        if significant(book, f"classes {pair}"):
            verdict += " Classes differ, so this average says little about any one of them."
        said.append(text.format(pair=pair, ties=ties, share=share, first=first, low=low, high=high,
                                p=p_of(book, test), verdict=verdict))  # fmt: skip
    return said


def _differences(book: Book) -> list[Markup]:
    said = []
    for i, row in book.rows("recognition_differences", outcome="correct"):
        first, second = row["first"], row["second"]
        test = f"recognition {first} - {second}"
        numbers = [
            book.cell("recognition_differences", i, name, forms.points) for name in ("difference", "low", "high")
        ]
        right = [book.only("recognition", "accuracy", forms.percent, condition=name) for name in (first, second)]
        shown = "they differ." if significant(book, test) else "no difference is shown."
        text = Markup(
            "<b>Recognition, {first} and {second}.</b> {a} and {b} of answers were right: a difference of {value} "
            "points (95\N{NARROW NO-BREAK SPACE}% interval {low} to {high}; {p}): {verdict}"
        )
        said.append(text.format(first=first, second=second, a=right[0], b=right[1], value=numbers[0], low=numbers[1],
                                high=numbers[2], p=p_of(book, test), verdict=shown))  # fmt: skip
    return said


def _others(book: Book) -> list[Markup]:
    said = []
    for i, row in book.rows("task_accuracy"):
        share, low, high = (book.cell("task_accuracy", i, name, forms.percent) for name in ("accuracy", "low", "high"))
        what = f"{row['task']}, {row['condition']}{', ' + row['phase'] + ' the explanation' if row['phase'] else ''}"
        tested = "" if forms.missing(row["chance"]) else p_of(book, f"accuracy {row['task']} {row['condition']}")
        text = Markup(
            "<b>{what}.</b> {share} of answers were right (95\N{NARROW NO-BREAK SPACE}% interval {low} to {high})"
            "{tested}."
        )
        against = Markup("; against chance {}").format(tested) if tested else ""
        said.append(text.format(what=what.capitalize(), share=share, low=low, high=high, tested=against))
    return said


def _summary(book: Book) -> str:
    parts = []
    pairs: list[dict[str, Any]] = [row for _, row in book.rows("shares")]
    sure = [row for row in pairs if significant(book, f"share {row['pair']}")]
    if sure:
        said = []
        for row in sure:
            both = row["pair"].split(" v ")
            said.append(" to ".join(both if row["share"] > 0.5 else both[::-1]))
        slight = "slightly " if all(abs(row["share"] - 0.5) < SLIGHT for row in sure) else ""
        parts.append(f"People {slight}preferred {listing(said)}")
    elif pairs:
        parts.append("No preference between explanations is shown")
    differ = [row for _, row in book.rows("recognition_differences", outcome="correct")]
    shown = [row for row in differ if significant(book, f"recognition {row['first']} - {row['second']}")]
    if shown:
        named = listing([f"{row['first']} and {row['second']}" for row in shown])
        parts.append(f"{'r' if parts else 'R'}ecognition differs between {named}")
    elif differ:
        parts.append(f"{'n' if parts else 'N'}o difference in recognition is shown")
    if not parts:
        parts.append("What people answered, with its uncertainty" if book.rows("asked") else "Nothing was asked")
    return "; ".join(parts) + "."


def _open(source: Source, book: Book, declared: bool) -> tuple[Markup | str, ...]:
    said: list[Markup | str] = []
    networks = replicates(source)
    if networks < REPLICATES and len({row["conditions"] for _, row in book.rows("asked")} - {1}):
        named = "one network per rate" if networks == 1 else f"{networks} networks per rate"
        said.append(CAVEAT.format(replicates=named))
    if not declared:
        said.append("Nothing here was fixed beforehand and holds: every test is exploratory, whatever its p-value.")
    if any(significant(book, f"classes {row['pair']}") for _, row in book.rows("shares")):
        said.append("The preference differs between classes of images, so it does not carry over to other classes.")
    if book.rows("pairs"):
        said.append("Shares are of decisive votes; whoever was for neither is not in them.")
    said.append("Images were chosen by a rule (see Notices), and these people are not all people.")
    return tuple(said)
