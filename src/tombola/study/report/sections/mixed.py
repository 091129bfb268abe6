"""The mixed multinomial model beside the strengths: one more way to look at the same votes."""

from tombola.study.report import forms
from tombola.study.report.blocks import Block, Words, column, ends, view
from tombola.study.report.book import Book

WORDS = (
    "Mixed multinomial model: each pair by itself, all three choices, and people and images that differ in what they "
    "prefer and in how often they decide. It is a check of the shares under other assumptions and belongs to no family "
    "of tests. With few answers per person or image its standard deviations come out too small."
)


def mixed(book: Book) -> list[Block]:
    """Return the mixed model of every pair that has one, or nothing."""
    if not any(fitted(row) for _, row in book.rows("mixed")):
        return []
    third = forms.decimals(3)
    columns = (
        column("pair", "pair"),
        column("log odds of the first", "preference", third),
        ends("95 %", "low", "high", third),
        column("p", "p", forms.p),
        column("between people", "worker_preference_sd", third),
        column("between images", "image_preference_sd", third),
        column("share it implies", "share", forms.percent),
        ends("95 %", "share_low", "share_high"),
        column("share of the votes", "raw_share", forms.percent),
    )
    deciding = (
        column("pair", "pair"),
        column("propensity", "decision", third),
        column("between people", "worker_decision_sd", third),
        column("between images", "image_decision_sd", third),
        column("tie rate it implies", "ties", forms.percent),
        column("tie rate of the votes", "raw_ties", forms.percent),
        column("log likelihood", "log_likelihood", forms.decimals(1)),
    )
    return [
        Words(WORDS),
        view(book, "mixed", columns, "Mixed model: preference", where=fitted, label=lambda row: "mixed",
             note="For a person and an image in the middle; shares are over all. 'Between' are standard deviations."),
        view(book, "mixed", deciding, "Mixed model: deciding at all", where=fitted),
    ]  # fmt: skip


def fitted(row: dict[str, object]) -> bool:
    """Return whether a pair has a model."""
    return not forms.missing(row["preference"])
