"""A small complete study of coloured test pictures, without any run: for trying things out, and for tests."""

from pathlib import Path
from typing import Any

import numpy as np

from tombola.study.design.build import build
from tombola.study.design.folder import Study
from tombola.study.design.material import GENUINE, SHUFFLED, Item, Material, Pixels, Shown
from tombola.study.design.spec import StudySpec, study_spec

CLASSES = ("circle", "square", "triangle", "cross", "star", "ring", "bar", "dot", "wave", "grid")
SIDE = 48


def synthetic_study(
    out: str | Path,
    task: str = "pairwise",
    *,
    conditions: tuple[str, ...] = ("nonpruned", "2pruned", "32pruned"),
    classes: int = 10,
    images_per_class: int = 2,
    salt: bytes | None = None,
    **fields: Any,
) -> Study:
    """Write a study folder whose pictures are random coloured tiles, and open it.

    Parameters
    ----------
    out
        The folder to appear.
    task
        One of the five tasks.
    conditions
        Names of the conditions.
    classes
        How many classes, at most ten and, for distinction, at least four.
    images_per_class
        Main images of each class.
    salt
        As in `build`.
    **fields
        Other fields of `StudySpec`: ``raters``, ``cap``, ``gold``, ``repeats``, ``practice``, ``seed``, ...

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     synthetic_study(f"{folder}/study", classes=3, images_per_class=1, raters=2)
    <Study study: pairwise, 9 cells x 2 raters>
    """
    names = CLASSES[:classes]
    spec = study_spec({"name": "synthetic", "task": task, "conditions": conditions, "classes": names} | fields)
    main = classes * images_per_class
    items = [
        _item(spec, number, names[(number - 1) % classes], number > main)
        for number in range(1, main + spec.gold + spec.practice + 1)
    ]
    gold, practice = items[main : main + spec.gold], items[main + spec.gold :]
    return build(out, spec, Material(tuple(items[:main]), tuple(gold), tuple(practice)), salt=salt)


def _item(spec: StudySpec, image: int, image_class: str, extra: bool) -> Item:
    labels = (GENUINE, SHUFFLED) if extra else spec.condition_names
    wrong = spec.task in ("agreement", "distinction", "forward-simulation") and image % 2 == 0
    others = [name for name in spec.classes if name != image_class]
    predicted = others[image % len(others)] if wrong else image_class
    shown = {}
    for place, label in enumerate(labels):
        candidates = {}
        if spec.task == "distinction":
            four = [predicted, *[name for name in spec.classes if name != predicted][:3]]
            candidates = {name: _tile(image, 100 * place + number + 1) for number, name in enumerate(four)}
        details = {
            "method": "none",
            "renderer": "tile",
            "fillers": "0",
            "degenerate": "false",
            "ticket": f"test-{label}",
        }
        shown[label] = Shown(_tile(image, place + 1), predicted, candidates, details)
    return Item(image, image_class, _tile(image, 0), shown, source=f"synthetic-{image}")


def _tile(image: int, version: int) -> Pixels:
    """Return a picture that no other has: a coloured ground with a block of noise."""
    words = np.random.PCG64(1000 * image + version).random_raw(SIDE * SIDE)
    pixels = np.empty((SIDE, SIDE, 3), np.uint8)
    pixels[:] = (words[:3] % 256).astype(np.uint8)
    pixels[8:-8, 8:-8] = (words.reshape(SIDE, SIDE)[8:-8, 8:-8, None] >> np.array([0, 8, 16], np.uint64)).astype(
        np.uint8
    )
    return pixels
