"""Lengths of training: epochs or optimiser steps, as text ("55ep", "50000st")."""

import re
from dataclasses import dataclass
from typing import Literal

PATTERN = re.compile(r"(\d+)(ep|st)")


@dataclass(frozen=True)
class Length:
    """A number of epochs or of optimiser steps."""

    value: int
    unit: Literal["ep", "st"]

    @classmethod
    def parse(cls, text: str) -> "Length":
        """Read ``"55ep"`` or ``"50000st"``.

        Raises
        ------
        ValueError
            For anything else.

        Examples
        --------
        >>> Length.parse("55ep").steps(batches_per_epoch=916)
        50380
        """
        match = PATTERN.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"'{text}' is no length; write epochs as '55ep' or steps as '50000st'")
        return cls(int(match[1]), "ep" if match[2] == "ep" else "st")

    def steps(self, batches_per_epoch: int) -> int:
        """Return the length in optimiser steps."""
        return self.value * batches_per_epoch if self.unit == "ep" else self.value

    def __str__(self) -> str:
        return f"{self.value}{self.unit}"
