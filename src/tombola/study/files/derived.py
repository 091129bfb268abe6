"""The frames that the published study derived from its batches, read as answers and written again.

Reference: explainability 9.5. Pairwise frames have 14 columns, recognition frames 19.
"""

import re
from pathlib import Path
from typing import Any, Final

import pandas as pd

from tombola.errors import TombolaError
from tombola.store.files import write_text
from tombola.study.answers import answers_frame, read_texts, records, validate
from tombola.study.files.mturk_times import is_true
from tombola.study.files.pictures import CLASSES, CODED, CONDITIONS, Shown, parse_picture
from tombola.study.files.pseudonyms import pseudonym
from tombola.study.trial import NEITHER

SHARED: Final = ("HITId", "WorkerId", "Input.image_url")
PAIRWISE: Final = (
    *SHARED,
    *(f"Answer.algorithms.{name}" for name in ("alg1", "alg2", NEITHER)),
    *("img_id", "img_class", "alg1", "alg2", *CONDITIONS, "annotation_result"),
)
RECOGNITION: Final = (
    *SHARED,
    *(f"Answer.classes.{name}" for name in (*CODED, NEITHER)),
    *("img_id", "img_class", "algorithm", "correct", "img_answer"),
)
SIDE: Final = {"alg1": "left", "alg2": "right", NEITHER: NEITHER}
ALREADY_PSEUDONYMOUS: Final = re.compile(r"[wh]\d+|[pt][0-9a-f]{16}")


def read_derived(path: Path, *, batch: str | None = None, salt: bytes | None = None) -> pd.DataFrame:
    """Return a derived frame as answers: file order kept, first algorithm = left, HIT = trial.

    The batches of the published study are not named in its frames, but a HIT of the pilot was asked of one worker, and
    one of a main batch of four or five. So ``batch`` is the file's name with the answers per HIT: ``experiment1-x4``
    stays apart from ``experiment1-x1``.

    Parameters
    ----------
    path
        A CSV file with the 14 columns of a pairwise frame or the 19 of a recognition frame.
    batch
        Name in place of the file's; the answers per HIT are still added.
    salt
        For pseudonyms of workers and HITs, needed where the file still has MTurk's own ids.

    Raises
    ------
    TombolaError
        If it is no such frame; a row has none or several answers; what a row says twice differs (picture name and
        columns, answer and winner); or an id is a person's and there is no salt.
    """
    table = read_texts(path)
    forms = (("pairwise", PAIRWISE), ("recognition", RECOGNITION))
    task = next((task for task, columns in forms if set(columns) <= set(table.columns)), None)
    if task is None:
        raise TombolaError(f"{path} is no derived frame: it has neither its 14 columns of pairs nor 19 of recognition")
    sizes = table.HITId.value_counts()
    rows = []
    for number, row in enumerate(records(table), start=1):
        try:
            shown = parse_picture(row["Input.image_url"])
            found = _pair(row, shown) if task == "pairwise" else _window(row, shown)
            ids = {name: _identity(row[column], kind, salt) for name, column, kind in IDS}
        except TombolaError as error:
            raise TombolaError(f"{path.name}, row {number}: {error}") from None
        place = {"batch": f"{batch or path.stem}-x{sizes[row['HITId']]}", "task": task, "kind": "main", **ids}
        rows.append(place | {"image": shown.image, "image_class": shown.image_class, **found})
    return answers_frame(rows)


IDS: Final = (("participant", "WorkerId", "participant"), ("trial", "HITId", "trial"))


def write_derived(answers: pd.DataFrame, path: Path) -> None:
    """Write pairwise or recognition answers to pictures of the published study as its derived frame.

    Raises
    ------
    TombolaError
        If both tasks, or another, are among the answers, or a class or condition is not a published one.
    """
    tasks = list(validate(answers).task.unique())
    if len(tasks) != 1 or tasks[0] not in ("pairwise", "recognition"):
        raise TombolaError(f"a derived frame holds pairwise or recognition answers, not {', '.join(tasks) or 'none'}")
    make, columns = (_pair_row, PAIRWISE) if tasks == ["pairwise"] else (_window_row, RECOGNITION)
    rows = [make(row) for row in records(answers)]
    write_text(path, pd.DataFrame(rows, columns=list(columns)).to_csv(index=False, lineterminator="\n"))


def _pair(row: dict[str, Any], shown: Shown) -> dict[str, Any]:
    side = SIDE[_one_true(row, "Answer.algorithms.", ("alg1", "alg2", NEITHER))]
    answer = {"left": shown.left, "right": shown.right}.get(side, NEITHER)
    winners = [name for name in CONDITIONS if float(row[name]) == 1]
    _same(row, "annotation_result", next(name for name, place in SIDE.items() if place == side))
    _same(row, "alg1", shown.left)
    _same(row, "alg2", shown.right)
    _same_picture(row, shown)
    if winners != [name for name in CONDITIONS if name == answer]:
        raise TombolaError(f"the winner is {answer} by the answer and {' '.join(winners) or NEITHER} by the flags")
    return {"left": shown.left, "right": shown.right, "side": side, "answer": answer}


def _window(row: dict[str, Any], shown: Shown) -> dict[str, Any]:
    coded = _one_true(row, "Answer.classes.", (*CODED, NEITHER))
    answer = coded.split("-", 1)[-1]
    _same(row, "img_answer", coded)
    _same(row, "algorithm", shown.condition)
    _same_picture(row, shown)
    if (float(row["correct"]) == 1) != (answer == shown.image_class):
        raise TombolaError(f"answer {answer} to {shown.image_class} is marked correct = {row['correct']}")
    return {"condition": shown.condition, "answer": answer, "correct": answer == shown.image_class}


def _one_true(row: dict[str, Any], start: str, names: tuple[str, ...]) -> str:
    true = [name for name in names if is_true(row[start + name])]
    if len(true) != 1:
        raise TombolaError(f"{len(true)} answers are true, exactly one is needed")
    return true[0]


def _same_picture(row: dict[str, Any], shown: Shown) -> None:
    _same(row, "img_id", str(shown.image))
    _same(row, "img_class", CODED[CLASSES.index(shown.image_class)])


def _same(row: dict[str, Any], column: str, value: str | None) -> None:
    if row[column] != value:
        raise TombolaError(f"column '{column}' says '{row[column]}', the rest of the row '{value}'")


def _identity(name: str | None, kind: str, salt: bytes | None) -> str:
    if name is None:
        raise TombolaError("there is no worker or no HIT")
    if ALREADY_PSEUDONYMOUS.fullmatch(name):
        return name
    if salt is None:
        raise TombolaError("workers have MTurk's own ids; a salt is needed to replace them")
    return pseudonym(name, salt, kind)


def _pair_row(row: dict[str, Any]) -> dict[str, Any]:
    coded, name = _coded(row), {"left": "alg1", "right": "alg2"}.get(row["side"], NEITHER)
    for condition in (row["left"], row["right"]):
        if condition not in CONDITIONS:
            raise TombolaError(f"condition '{condition}' is none of the published study")
    found = _ids(row, f"{row['image']}_{row['left']}_{coded}_{row['right']}.png", coded)
    found |= {f"Answer.algorithms.{each}": each == name for each in SIDE}
    found |= {each: float(row["answer"] == each) for each in CONDITIONS}
    return found | {"alg1": row["left"], "alg2": row["right"], "annotation_result": name}


def _window_row(row: dict[str, Any]) -> dict[str, Any]:
    coded, names = _coded(row), dict(zip(CLASSES, CODED, strict=True)) | {NEITHER: NEITHER}
    if row["condition"] not in CONDITIONS or row["answer"] not in names:
        raise TombolaError(f"'{row['condition']}', answer '{row['answer']}': no condition and answer of that study")
    found = _ids(row, f"{row['image']}_{coded}_{row['condition']}.png", coded)
    found |= {f"Answer.classes.{each}": each == names[row["answer"]] for each in names.values()}
    found |= {"algorithm": row["condition"], "correct": float(row["answer"] == row["image_class"])}
    return found | {"img_answer": names[row["answer"]]}


def _coded(row: dict[str, Any]) -> str:
    if row["image_class"] not in CLASSES:
        raise TombolaError(f"class '{row['image_class']}' is none of the published study")
    return CODED[CLASSES.index(row["image_class"])]


def _ids(row: dict[str, Any], picture: str, coded: str) -> dict[str, Any]:
    ids = {"HITId": row["trial"], "WorkerId": row["participant"], "Input.image_url": picture}
    return ids | {"img_id": row["image"], "img_class": coded}
