"""What must stand beside every result: contamination, selection, pay, one network per rate, notes of the analysis."""

import pandas as pd
from markupsafe import Markup

from tombola.study.report import forms
from tombola.study.report.blocks import Block, Points, Section, Words, column, view
from tombola.study.report.book import Book
from tombola.study.report.facts import is_published, replicates
from tombola.study.report.source import Source
from tombola.study.statistics.dose import CAVEAT, REPLICATES

NOTES = "notes"


def notices(source: Source, book: Book) -> Section:
    """Return the notices; each says what is known, or that nothing is."""
    items: list[Markup | str] = [_networks(source), _contamination(source, book), _selection(source, book)]
    blocks: list[Block] = [Points((*items, *_pay(book)))]
    if book.rows("selection"):
        chosen = (column("what", "what"), column("images", "images", forms.whole))
        blocks.append(view(book, "selection", chosen, "How images were chosen"))
    columns = (
        column("batch", "batch"), column("answers", "answers", forms.whole),
        column("reward", "reward_usd", forms.money),
        column("median time", "median_seconds", forms.time), column("pay per hour", "usd_per_hour", forms.money),
    )  # fmt: skip
    if book.rows("pay"):
        blocks.append(view(book, "pay", columns, "Pay from measured times"))
    notes = (*source.notes, *(note for note in source.valid.notes if note not in source.notes))
    if notes:
        book.add(NOTES, "What the analysis says about itself", pd.DataFrame({"note": list(notes)}))
        blocks += [Words("What the analysis says about itself:"), Points(notes, book.place(NOTES))]
    return Section("notices", "Notices", tuple(blocks))


def _networks(source: Source) -> Markup:
    found = replicates(source)
    if found >= REPLICATES:
        text = f"{found} networks stand for every compression rate."
    else:
        text = CAVEAT.format(replicates="one network per rate" if found == 1 else f"{found} networks per rate")
    unknown = " (Nothing says how many networks there were, so one is assumed.)" if source.study is None else ""
    return Markup("<b>Networks.</b> {}{}").format(text, unknown)


def _contamination(source: Source, book: Book) -> Markup:
    rows = book.rows("contamination")
    if not rows:
        why = "names of the images are not known" if source.study is None else "no image is named as ImageNet names its"
        return Markup("<b>Contamination.</b> Unknown: {}.").format(why)
    i, row = rows[0]
    seen, total, clean = (book.cell("contamination", i, name, forms.whole) for name in
                          ("in_training", "images", "held_out"))  # fmt: skip
    return Markup(
        "<b>Contamination.</b> Of the {total} images of {what}, {seen} were in ImageNet's training set, which a "
        "pretrained backbone has seen; {clean} were not."
    ).format(total=total, what=row["images_of"], seen=seen, clean=clean)


def _selection(source: Source, book: Book) -> Markup:
    rows = book.rows("selection")
    if rows and source.study is not None:
        walked, kept = (book.only("selection", "images", forms.whole, what=name) for name in ("walked", "kept"))
        text = Markup("<b>Selection.</b> Rule “{rule}”: {kept} images kept of {walked} looked at. {bias}")
        rule = source.study.spec.selection.rule
        return text.format(rule=rule, kept=kept, walked=walked, bias=BIAS if rule == "all-correct" else "")
    if source.study is None and is_published(source.answers):
        return Markup(
            "<b>Selection.</b> The published study kept the first images of every class that all compared models "
            "classify correctly; how many were passed over is not known. {}"
        ).format(BIAS)
    return Markup("<b>Selection.</b> How images were chosen is not recorded.")


UNPAID = "Consent, instructions and practice take time too, so people earned less than that."
BIAS = "Only images on which all models agree and are right were asked about: easy ones, and a bias of its own."


def _pay(book: Book) -> list[Markup]:
    rows = book.rows("pay")
    timed = [(i, row) for i, row in rows if not forms.missing(row["usd_per_hour"])]
    if timed:
        i, _ = min(timed, key=lambda both: float(both[1]["usd_per_hour"]))
        hourly, seconds, reward = (
            book.cell("pay", i, name, form)
            for name, form in (
                ("usd_per_hour", forms.money),
                ("median_seconds", forms.time),
                ("reward_usd", forms.money),
            )
        )
        text = Markup(
            "<b>Pay.</b> {hourly} per hour in the worst paid batch: {reward} an answer, median {seconds}. {more}"
        )
        return [text.format(hourly=hourly, reward=reward, seconds=seconds, more=UNPAID)]
    rewarded = [(i, row) for i, row in rows if not forms.missing(row["reward_usd"])]
    if rewarded:
        reward = book.cell("pay", rewarded[0][0], "reward_usd", forms.money)
        text = Markup("<b>Pay.</b> {} per answer. Times were not measured here, so pay per hour cannot be stated.")
        return [text.format(reward)]
    measured = [i for i, row in rows if not forms.missing(row["median_seconds"])]
    if measured:
        seconds = book.cell("pay", measured[0], "median_seconds", forms.time)
        return [
            Markup("<b>Pay.</b> Median {} per answer. No reward was named (--reward), so pay is not known.").format(
                seconds
            )
        ]
    return [Markup("<b>Pay.</b> Neither times nor a reward are known (--reward, --payments).")]
