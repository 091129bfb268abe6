"""One number of a publication beside ours."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A published number and what we compute from the same files.

    Attributes
    ----------
    table, row, column
        Where it stands.
    theirs
        As published; NaN where the publication leaves it out.
    ours
        By the entry that repeats the publication.
    tolerance
        Largest difference that counts as agreement: absolute, or a share of theirs where `relative`.
    note
        Why they differ where they must, or what a reader has to know.
    relative
        Whether the tolerance is relative.
    """

    table: str
    row: str
    column: str
    theirs: float
    ours: float
    tolerance: float
    note: str = ""
    relative: bool = False

    @property
    def agrees(self) -> bool:
        """Whether the two are within the tolerance; NaN agrees with NaN."""
        if math.isnan(self.theirs) or math.isnan(self.ours):
            return math.isnan(self.theirs) and math.isnan(self.ours)
        allowed = self.tolerance * (abs(self.theirs) if self.relative else 1.0)
        return self.theirs == self.ours or abs(self.theirs - self.ours) <= allowed
