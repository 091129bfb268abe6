"""What trials are made of: images with the explanations that were drawn for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import UInt8

from tombola.errors import TombolaError
from tombola.study.design.spec import StudySpec

Pixels = UInt8[np.ndarray, "h w 3"]
GENUINE, SHUFFLED = "genuine", "shuffled"
"""The two sides of a pairwise attention check: a map, and the same map with its cells shuffled."""


@dataclass(frozen=True, eq=False)
class Shown:
    """One drawn explanation.

    Attributes
    ----------
    pixels
        The explanation as it is shown.
    predicted
        The class that the model says.
    candidates
        Distinction: class -> explanation of that class by the same model; the predicted class among them.
    details
        What the manifest keeps of it: layer, method, renderer, filler count, map statistics, confidence, ticket.
    """

    pixels: Pixels
    predicted: str = ""
    candidates: Mapping[str, Pixels] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Item:
    """One image with its explanations.

    Attributes
    ----------
    image
        Whole number from 1, in the order of the draw; unique in a study.
    image_class
        True class.
    original
        The image as it is shown.
    shown
        Condition -> explanation; of attention checks ``genuine`` (and, pairwise, ``shuffled``).
    source
        Where the image comes from, for the manifest.
    file
        Name of the image's file, where it has one: it tells whether a pretrained backbone has seen the image.
    feedback
        Practice: what is said after the answer; a sentence is made up where it is empty.
    """

    image: int
    image_class: str
    original: Pixels
    shown: Mapping[str, Shown]
    source: str = ""
    feedback: str = ""
    file: str = ""


@dataclass(frozen=True, eq=False)
class Material:
    """Everything a study shows: images to ask about, attention checks, practice. No image serves twice."""

    main: tuple[Item, ...]
    gold: tuple[Item, ...] = ()
    practice: tuple[Item, ...] = ()


def check_material(spec: StudySpec, material: Material) -> None:
    """Raise one sentence if the material does not make the study.

    Raises
    ------
    TombolaError
        If images are missing or numbered twice, a condition is missing for an image, models disagree where a
        heading says what both predict, or there are fewer attention checks or practice images than the study needs.
    """
    everything = [*material.main, *material.gold, *material.practice]
    if not material.main:
        raise TombolaError("there is no image to ask about; choose other images, or fewer conditions")
    if not spec.cells_per_image:
        raise TombolaError(
            f"a study of task {spec.task} needs {'two conditions' if spec.task == 'pairwise' else 'a condition'}"
        )
    numbers = [item.image for item in everything]
    if len(set(numbers)) < len(numbers):
        twice = next(number for number in numbers if numbers.count(number) > 1)
        raise TombolaError(f"image {twice} is in the study twice; main, attention and practice images must differ")
    for kind, items, wanted in (
        ("gold", material.gold, spec.gold),
        ("practice", material.practice, spec.practice),
    ):
        if len(items) < wanted:
            raise TombolaError(
                f"{kind} = {wanted} needs as many images beside the main ones, and there are {len(items)}; "
                f"lower {kind}, or ask for fewer images per class"
            )
    for item in everything:
        if item.image_class not in spec.classes:
            raise TombolaError(
                f"image {item.image} has class '{item.image_class}', which is not among the study's classes"
            )
    for item in material.main:
        _check_main(spec, item)
    needed = (GENUINE, SHUFFLED) if spec.task == "pairwise" else (GENUINE,)
    for item in (*material.gold, *material.practice):
        for name in needed:
            if name not in item.shown:
                raise TombolaError(f"attention or practice image {item.image} lacks its '{name}' explanation")


def _check_main(spec: StudySpec, item: Item) -> None:
    used = dict.fromkeys(name for pair in spec.pairs for name in pair) or dict.fromkeys(spec.condition_names)
    for name in used:
        if name not in item.shown:
            raise TombolaError(
                f"image {item.image} has no explanation by condition '{name}'; draw it, or drop the image"
            )
    if spec.task == "pairwise":
        said = {item.shown[name].predicted for name in used}
        if len(said) > 1:
            raise TombolaError(
                f"the models compared on image {item.image} do not agree on the class ({', '.join(sorted(said))}); the "
                "heading says what both predict, so drop the image"
            )
    if spec.task == "distinction":
        for name in used:
            shown = item.shown[name]
            if len(shown.candidates) != 4 or shown.predicted not in shown.candidates:
                raise TombolaError(
                    f"image {item.image} under condition '{name}' needs explanations of 4 classes, the predicted one "
                    "among them"
                )
