"""What is asked of a run: which networks, which images, which method, and what is to be known about its maps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tombola.explain.scene import Score
from tombola.store.tickets import StateName


@dataclass(frozen=True)
class Plan:
    """What is asked of a run.

    Attributes
    ----------
    method, layer, target, score, options, seed
        As `tombola.explain.attribute` takes them; the target is ``predicted`` or ``true``.
    levels, replicates, controls, stage
        As `tombola.explain.explain_views` takes them.
    part, images, indices
        Which images: how many of a part, or exactly these; see `tombola.explain.pictures`.
    metrics
        Of `tombola.explain.metrics`; by default all.
    sanity
        Of `tombola.explain.sanity.checks`; by default those that train nothing.
    """

    method: str = "grad-cam"
    layer: str = "last_conv"
    target: str = "predicted"
    score: Score = "logit"
    levels: Sequence[int] | None = None
    replicates: Sequence[int] | None = None
    controls: Sequence[str] = ()
    stage: StateName = "trained"
    part: str = "test"
    images: int = 16
    indices: Sequence[int] | None = None
    metrics: Sequence[str] | None = None
    sanity: Sequence[str] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
