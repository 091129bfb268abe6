"""Where trials are put together: names, pictures, question, key."""

from dataclasses import dataclass

from tombola.study.design.material import Item, Pixels, Shown
from tombola.study.design.naming import Names
from tombola.study.design.spec import StudySpec
from tombola.study.design.truth import Phase, Truth
from tombola.study.trial import Kind, Option, Picture, Trial

VARIANTS = (0, 1)


@dataclass(frozen=True, eq=False)
class Drawn:
    """One trial with its key, its pictures by public name, and which explanation each picture shows."""

    trial: Trial
    truth: Truth
    variant: int
    pixels: dict[str, Pixels]
    shows: dict[str, tuple[str, Shown | None]]


@dataclass(frozen=True, eq=False)
class Bench:
    """What makes the trials of one study: its spec and its names."""

    spec: StudySpec
    names: Names

    def draw(
        self,
        cell: str,
        variant: int,
        kind: Kind,
        parts: list[tuple[str, str, Pixels, Shown | None]],
        heading: str,
        options: tuple[Option, ...],
        item: Item,
        *,
        left: str = "",
        right: str = "",
        condition: str = "",
        predicted: str = "",
        correct: tuple[str, ...] = (),
        candidates: tuple[str, ...] = (),
        phase: Phase = "",
    ) -> Drawn:
        """Name a trial and its pictures; `parts` are (role, condition, pixels, explanation) in the order shown."""
        what = (self.spec.task, kind, cell, variant, phase)
        name = self.names.name("trial", *what)
        pictures = tuple(
            Picture(self.names.name("picture", *what, place), role) for place, (role, _, _, _) in enumerate(parts)
        )
        feedback = (item.feedback or _feedback(correct, options)) if kind == "practice" else ""
        truth = Truth(
            name,
            cell,
            item.image,
            item.image_class,
            left,
            right,
            condition,
            predicted,
            correct,
            candidates,
            phase,
            feedback,
        )
        confidence = self.spec.confidence and kind != "practice"
        return Drawn(
            Trial(name, self.spec.task, kind, pictures, heading, options, confidence),
            truth,
            variant,
            {picture.name: part[2] for picture, part in zip(pictures, parts, strict=True)},
            {picture.name: (part[1], part[3]) for picture, part in zip(pictures, parts, strict=True)},
        )


def _feedback(correct: tuple[str, ...], options: tuple[Option, ...]) -> str:
    texts = " or ".join(f"“{option.text}”" for option in options if option.value in correct)
    return f"The answer here is {texts}." if texts else ""
