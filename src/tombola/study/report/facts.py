"""Tables that no analysis makes: what was asked, what it paid, how images were chosen, what a backbone has seen."""

from typing import TYPE_CHECKING, Final

import pandas as pd

from tombola.data.contamination import contamination
from tombola.study.answers import of_task, read_texts
from tombola.study.files.pictures import CLASSES, CONDITIONS
from tombola.study.report.source import Source
from tombola.study.trial import TASKS

if TYPE_CHECKING:
    from tombola.study.design.folder import Study

ASKED: Final = ("task", "answers", "participants", "images", "conditions", "batches")
PAY: Final = ("batch", "answers", "reward_usd", "median_seconds", "usd_per_hour")
SELECTION: Final = ("what", "images")
CONTAMINATION: Final = ("images_of", "images", "in_training", "held_out", "unknown")
PUBLISHED_REWARD: Final = 0.01
"""US dollars per answer (reference: explainability 8.5)."""
PUBLISHED_VAL: Final = ("the published study's source, Imagenette's val folder", 3_925, 3_791, 134, 0)
"""Reference: explainability 2.4."""


def is_published(answers: pd.DataFrame) -> bool:
    """Return whether answers are of the published study: its conditions, its classes, and no time of an answer."""
    shown = {name for column in ("left", "right", "condition") for name in answers[column].dropna()}
    return bool(shown) and shown <= set(CONDITIONS) and set(answers.image_class.dropna()) <= set(CLASSES)


def asked(answers: pd.DataFrame) -> pd.DataFrame:
    """Return how much was asked of how many, by task, main trials only: columns `ASKED`."""
    rows = []
    for task in TASKS:
        mine = of_task(answers, task)
        if len(mine):
            shown = {name for column in ("left", "right", "condition") for name in mine[column].dropna()}
            sizes = (mine.participant.nunique(), mine.image.nunique(), len(shown), mine.batch.nunique())
            rows.append((task, len(mine), *sizes))
    return pd.DataFrame(rows, columns=list(ASKED))


def pay(source: Source) -> pd.DataFrame:
    """Return pay per hour by batch, from measured times: columns `PAY`; what is not known is missing.

    Times are those of all main and repeated answers, or of whole assignments where ``payments`` has them. The reward is
    the one that was named; for the published answers, the published one.
    """
    if source.payments is not None:
        return source.payments[list(PAY)]
    answers = source.answers[source.answers.kind.isin(["main", "repeat"])]
    reward = source.reward
    if reward is None and source.study is None and is_published(answers):
        reward = PUBLISHED_REWARD
    rows = []
    for batch, mine in answers.groupby("batch", sort=False):
        seconds = None if mine.seconds.isna().all() else float(mine.seconds.median())
        hourly = 3600 * reward / seconds if reward is not None and seconds else None
        rows.append((str(batch), len(mine), reward, seconds, hourly))
    kinds = {"batch": "string", "answers": "Int64"} | dict.fromkeys(PAY[2:], "Float64")
    return pd.DataFrame(rows, columns=list(PAY)).astype(kinds)


def selection(source: Source) -> pd.DataFrame:
    """Return how many images were walked, kept, and passed over for which reason: columns `SELECTION`; may be empty."""
    rows: list[tuple[str, int]] = []
    if source.study is not None and (found := source.study.spec.selection).walked:
        rejected = sum(found.rejected.values())
        rows = [("walked", found.walked), ("kept", found.walked - rejected)]
        rows += [(f"passed over: {reason}", count) for reason, count in found.rejected.items()]
    return pd.DataFrame(rows, columns=list(SELECTION))


def seen(source: Source) -> pd.DataFrame:
    """Return what a backbone pretrained on ImageNet has seen of the images: columns `CONTAMINATION`; may be empty.

    Names of files tell; a study folder has them in its key. For the published answers it is the folder that their
    images were drawn from.
    """
    rows: list[tuple[str, int, int, int, int]] = []
    if source.study is not None:
        found = contamination(_files_of(source.study))
        if found is not None:
            rows.append(("this study", found.total, found.seen, found.clean, found.unknown))
        rows += _of_run(source.accuracy)
    elif is_published(source.answers):
        rows.append(PUBLISHED_VAL)
    return pd.DataFrame(rows, columns=list(CONTAMINATION))


def _of_run(accuracy: pd.DataFrame | None) -> list[tuple[str, int, int, int, int]]:
    """Return what the results of a run say about its test images, where their names told something."""
    known = None if accuracy is None else accuracy[accuracy.clean_n.notna() & accuracy.test_n.notna()]
    if known is None or known.empty:
        return []
    total, clean = int(known.test_n.iloc[0]), int(known.clean_n.iloc[0])
    return [("the run's test part", total, total - clean, clean, 0)]


def _files_of(study: "Study") -> list[str]:
    table = read_texts(study.manifest_file)
    images = table[(table.kind == "main") & table.file.notna()].drop_duplicates("image")
    return [str(name) for name in images.file]


def sources_of(study: "Study | None") -> dict[str, int]:
    """Return where every main image of a study folder comes from, with its number; nothing of files."""
    if study is None or not study.manifest_file.is_file():
        return {}
    table = read_texts(study.manifest_file)
    table = table[(table.kind == "main") & table.source.notna()]
    return {str(name): int(image) for name, image in zip(table.source, table.image, strict=True)}


def replicates(source: Source) -> int:
    """Return how many networks stand for every compression rate: the smallest number; 1 where nothing says so."""
    if source.study is None:
        return 1
    networks: dict[float, set[int]] = {}
    for condition in source.study.spec.conditions:
        if condition.compression_rate is None:
            return 1
        networks.setdefault(condition.compression_rate, set()).add(condition.replicate or 0)
    return min((len(each) for each in networks.values()), default=1)
