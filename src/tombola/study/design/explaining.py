"""Explanations of one image by the compared models, drawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from tombola.explain import Pictures, attribute
from tombola.explain.attribute import Attribution
from tombola.explain.render import Rendered
from tombola.explain.scene import Score
from tombola.study.assignment.draw import Draw
from tombola.study.design.drawing import Drawing, map_details
from tombola.study.design.material import Pixels, Shown
from tombola.study.design.models import Models

CANDIDATES = 4
"""Classes to choose from in distinction: the model's own four most probable ones."""
SHUFFLES, COARSE = 50, 1024
"""How often maps of at most so many cells are shuffled before the most different one is taken."""


@dataclass(frozen=True)
class Explaining:
    """How decisions are explained.

    Attributes
    ----------
    method, layer, score, options
        As `tombola.explain.attribute` takes them.
    seed
        Of methods that draw, and of shuffled maps.
    """

    method: str = "grad-cam"
    layer: str = "last_conv"
    score: Score = "logit"
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Artist:
    """Explains and draws: the models, the images, and how."""

    models: Models
    pictures: Pictures
    explaining: Explaining
    drawing: Drawing

    def original(self, place: int) -> Pixels:
        """Return an image as it is shown."""
        return self.drawing.original(self.pictures.raw[place])

    def explain(self, place: int, column: int, targets: list[int] | None = None) -> Attribution:
        """Return explanations of one image by one condition: of what it predicts, or of some classes."""
        module = self.models.module(self.models.row_of(place), column)
        images = self.pictures.images[place : place + 1]
        how = self.explaining
        return attribute(
            module,
            images if targets is None else images.expand(len(targets), -1, -1, -1),
            how.method,
            how.layer,
            "predicted" if targets is None else torch.tensor(targets),
            score=how.score,
            seed=how.seed,
            options=how.options,
        )

    def draw(self, place: int, values: Float[np.ndarray, "y x"]) -> Rendered:
        """Return a map of an image, drawn."""
        return self.drawing.draw(self.pictures.raw[place], values)

    def shown(self, place: int, column: int) -> Shown | None:
        """Return what one condition's explanation of its own prediction looks like; None where it explains nothing."""
        found = self.explain(place, column)
        drawn = self.draw(place, found.maps[0])
        if drawn.degenerate:
            return None
        return Shown(
            drawn.pixels,
            self.pictures.classes[int(found.predicted[0])],
            details=self.details(place, column, found) | map_details(found.maps[0], drawn),
        )

    def with_candidates(self, place: int, column: int) -> Shown | None:
        """Return explanations of the four most probable classes; None where one of them explains nothing."""
        module = self.models.module(self.models.row_of(place), column)
        with torch.no_grad():
            scores = module(self.pictures.images[place : place + 1].clone())[0]
        order = torch.argsort(scores, descending=True, stable=True)[:CANDIDATES].tolist()
        found = self.explain(place, column, order)
        drawn = [self.draw(place, values) for values in found.maps]
        if any(one.degenerate for one in drawn):
            return None
        names = [self.pictures.classes[number] for number in order]
        return Shown(
            drawn[0].pixels,
            names[0],
            {name: one.pixels for name, one in zip(names, drawn, strict=True)},
            self.details(place, column, found) | map_details(found.maps[0], drawn[0]),
        )

    def shuffled(self, place: int, column: int, again: int = 0) -> Shown:
        """Return the drawing of a map whose cells were shuffled: as much to see, and nothing to understand.

        Of some shuffles the one that has least in common with the map is taken; on coarse maps others may look genuine.
        """
        found = self.explain(place, column)
        values = found.maps[0]
        draw = Draw(self.explaining.seed, "shuffled map", place, again)
        centred = (values - values.mean()).ravel()
        orders = [draw.shuffled(range(values.size)) for _ in range(SHUFFLES if values.size <= COARSE else 1)]
        order = min(orders, key=lambda one: float(centred[one] @ centred))
        mixed = values.ravel()[order].reshape(values.shape)
        drawn = self.draw(place, mixed)
        details = self.details(place, column, found) | map_details(mixed, drawn)
        return Shown(drawn.pixels, self.pictures.classes[int(found.predicted[0])], details=details)

    def details(self, place: int, column: int, found: Attribution) -> dict[str, str]:
        """Return what the manifest keeps of an explanation."""
        row = self.models.row_of(place)
        drawing = self.drawing
        return {
            "method": found.method,
            "layer": found.layer,
            "score": found.score,
            "target": self.pictures.classes[int(found.targets[0])],
            "confidence": f"{float(found.confidence[0]):.6g}",
            "renderer": drawing.renderer,
            "options": " ".join(f"{key}={value}" for key, value in drawing.options.items() if key != "q"),
            "q": str(drawing.options.get("q", "")),
            "replicate": str(self.models.replicates[row]),
            "ticket": self.models.tickets[row][column],
        }
