"""Choosing images: a seeded walk over a part of a data set that keeps the first ones a rule accepts."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tombola.data.split import permutation
from tombola.errors import TombolaError
from tombola.streams import stream_seed
from tombola.study.design.rules import Rule

FULL, DEGENERATE = "class is full", "a map explains nothing"


@dataclass
class Selected:
    """What a walk found.

    Attributes
    ----------
    main
        Places of the images kept, in the order of the walk.
    spare
        Further images for attention checks and practice.
    walked
        How many images were looked at.
    rejected
        Reason -> images passed over.
    """

    main: list[int] = field(default_factory=list)
    spare: list[int] = field(default_factory=list)
    walked: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Looked:
    """What the compared models say of an image: predicted classes and confidences, in the order of the conditions."""

    predicted: tuple[int, ...]
    confidence: tuple[float, ...]


def walk(
    labels: Sequence[int],
    classes: Sequence[str],
    rule: Rule,
    images_per_class: int,
    spare: int,
    seed: int,
    look: Callable[[list[int]], list[Looked]],
    usable: Callable[[int], bool],
    *,
    rule_name: str = "the rule",
    chunk: int = 64,
) -> Selected:
    """Walk over images in seeded random order and keep the first ones of every class that the rule accepts.

    Parameters
    ----------
    labels
        True classes of all images.
    classes
        Their names.
    rule
        What is kept.
    images_per_class
        How many are kept of every class.
    spare
        How many more, of any class and right by every model, are kept for attention checks and practice.
    seed
        Of the order.
    look
        Places of images -> what the models say of them. Called with `chunk` images at a time, until enough are found.
    usable
        Place of an image -> whether its explanations can be drawn; asked only of images that would be kept.

    Raises
    ------
    TombolaError
        If a class has fewer images that the rule accepts, or there are too few to spare.
    """
    order = permutation(len(labels), stream_seed(seed, "study/walk")).tolist()
    room = {(c, drawer): most for c in range(len(classes)) for drawer, most in rule.quota(images_per_class).items()}
    found = Selected()
    for start in range(0, len(order), chunk):
        places = order[start : start + chunk]
        for place, said in zip(places, look(places), strict=True):
            if not any(room.values()) and len(found.spare) >= spare:
                return found
            found.walked += 1
            label = int(labels[place])
            verdict = rule.judge(said.predicted, said.confidence, label)
            wanted = not verdict.reason and room.get((label, verdict.drawer), 0) > 0
            free = len(found.spare) < spare and all(one == label for one in said.predicted)
            if not wanted and not free:
                found.rejected[verdict.reason or FULL] += 1
            elif not usable(place):
                found.rejected[DEGENERATE] += 1
            elif wanted:
                found.main.append(place)
                room[label, verdict.drawer] -= 1
            else:
                found.spare.append(place)
    short = {key: count for key, count in room.items() if count}
    if short:
        (label, drawer), missing = next(iter(short.items()))
        asked = rule.quota(images_per_class)[drawer]
        why = ", ".join(f"{count} {reason}" for reason, count in found.rejected.most_common(3))
        raise TombolaError(
            f"images_per_class = {images_per_class}: of class '{classes[label]}', {rule_name} accepts "
            f"{asked - missing} images as '{drawer}' and {asked} are needed; ask for fewer, or choose another rule or "
            f"a larger part of the data (of {found.walked} images, passed over: {why})"
        )
    if len(found.spare) < spare:
        raise TombolaError(
            f"attention checks and practice need {spare} images beside the main ones that every model gets right, and "
            f"{len(found.spare)} are left; lower gold or practice, or ask for fewer images per class"
        )
    return found
