"""What a distance between networks leaves open: fields of one frozen value, recorded beside every result."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from tombola.analysis.distances.products import HERE, Compute
from tombola.errors import TombolaError


@dataclass(frozen=True)
class Settings:
    """How two networks are laid upon each other and averaged over.

    Attributes
    ----------
    alignment
        Name of the alignment: ``none``, ``greedy`` (first layer first), ``weights`` (weight matching) or ``search``.
    outputs
        Whether the units of the output layer stay in place (they are classes) or are matched like others.
    empty
        Whether pairs of units that are empty on both sides are left out of means (and counted), or count as 0.
    starts
        Seeded random starts of weight matching, besides the identity and the greedy alignment.
    steps
        Proposals of the local search.
    seed
        Of starts and proposals.
    tie_seed
        Breaks ties at random instead of by the fixed rule; to see how much hangs on them.
    compute
        Where matrix products run.
    """

    alignment: str = "greedy"
    outputs: Literal["fixed", "matched"] = "fixed"
    empty: Literal["exclude", "zero"] = "exclude"
    starts: int = 3
    steps: int = 3000
    seed: int = 0
    tie_seed: int | None = None
    compute: Compute = HERE

    def __post_init__(self) -> None:
        for name, known in (("outputs", ("fixed", "matched")), ("empty", ("exclude", "zero"))):
            if getattr(self, name) not in known:
                raise TombolaError(f"{name} = '{getattr(self, name)}': choose {' or '.join(known)}")
        if self.starts < 0 or self.steps < 0:
            raise TombolaError(f"starts = {self.starts}, steps = {self.steps}: neither can be negative")

    def but(self, **changes: Any) -> "Settings":
        """Return the same settings with some fields changed."""
        return replace(self, **changes)


PLAIN = Settings()
