"""Drawing explanations as a study shows them: large enough to be seen, and what the manifest keeps of each."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from tombola.errors import TombolaError
from tombola.explain.render import Rendered, renderers
from tombola.explain.render.fit import enlarged
from tombola.study.design.material import Pixels

COLOURED = ("heatmap",)
"""Renderers whose names begin so draw a scale, which needs room: images are enlarged before, not after."""


@dataclass(frozen=True)
class Drawing:
    """How maps become pictures.

    Attributes
    ----------
    renderer
        A name of `tombola.explain.render.renderers`.
    options
        Of the renderer, such as ``q``.
    side
        Least length of the shorter side as shown, in pixels; small images are enlarged by a whole factor.
    """

    renderer: str = "window"
    options: Mapping[str, Any] = field(default_factory=lambda: {"q": "0.1"})
    side: int = 224

    def __post_init__(self) -> None:
        """Check what can be checked before any map is made."""
        _ = renderers[self.renderer]
        if self.side < 1:
            raise TombolaError(f"side = {self.side}: pictures need at least one pixel")

    def original(self, image: Pixels) -> Pixels:
        """Return the image as it is shown."""
        return enlarged(image, self._factor(image))

    def draw(self, image: Pixels, values: Float[np.ndarray, "y x"]) -> Rendered:
        """Return the explanation as it is shown; counts (fillers, visible pixels) are those of the image's own size.

        Raises
        ------
        TombolaError
            If the renderer does not know an option.
        """
        first = self.renderer.startswith(COLOURED)
        try:
            drawn = renderers[self.renderer](self.original(image) if first else image, values, **self.options)
        except TypeError as error:
            raise TombolaError(f"renderer '{self.renderer}' does not take these options: {error}") from error
        if first:
            return drawn
        return Rendered(self.original(drawn.pixels), drawn.visible, drawn.fillers, drawn.degenerate)

    def _factor(self, image: Pixels) -> int:
        return max(1, -(-self.side // int(min(image.shape[:2]))))


def renderer_options(renderer: str, q: str | None) -> dict[str, str]:
    """Return the options of a renderer: the share shown, for those that show a share.

    Raises
    ------
    TombolaError
        If a share is given to a renderer that shows all of the image.
    """
    takes = "q" in inspect.signature(renderers[renderer]).parameters
    if q is not None and not takes:
        raise TombolaError(f"q = {q}: renderer '{renderer}' shows all of the image; leave q out")
    return {"q": "0.1" if q is None else q} if takes else {}


def map_details(values: Float[np.ndarray, "y x"], drawn: Rendered) -> dict[str, str]:
    """Return what the manifest keeps of a map and its drawing."""
    return {
        "fillers": str(drawn.fillers),
        "degenerate": str(drawn.degenerate).lower(),
        "map_shape": "x".join(map(str, values.shape)),
        "map_minimum": f"{values.min():.6g}",
        "map_mean": f"{values.mean():.6g}",
        "map_maximum": f"{values.max():.6g}",
        "map_nonzero": str(int((values != 0).sum())),
    }
