"""The journal of one training: its records, and the state at the best of them so far."""

import math

import numpy as np
import torch
from torch import nn

from tombola.networks.state import State
from tombola.records import EPOCH_MEASURES, MEASURES, START, Records


class Journal:
    """Records as they are taken, and the rule of `tombola.records.early_stop` applied as training goes."""

    def __init__(self) -> None:
        self._rows: list[dict[str, float]] = []
        self._best = math.inf
        self.best: int | None = None
        """Position of the early-stop record so far."""

    def add(self, step: int, flags: int, **measures: float) -> bool:
        """Add a record; what is not measured is NaN. Return whether it is the new early stop."""
        self._rows.append(dict.fromkeys(MEASURES, math.nan) | {"step": step, "flags": flags} | measures)
        loss = measures.get("val_loss", math.nan)
        # a comparison with NaN is false, and +inf is not below +inf
        improved = not flags & START and loss < self._best and math.isfinite(loss)
        if improved:
            self._best, self.best = loss, len(self._rows) - 1
        return improved

    def flag(self, position: int, flag: int) -> None:
        """Flag a record for what turned out later."""
        self._rows[position]["flags"] = int(self._rows[position]["flags"]) | flag

    def fill(self, position: int, **measures: float) -> None:
        """Complete a record with what was measured later."""
        self._rows[position] |= measures

    def __len__(self) -> int:
        """The number of records."""
        return len(self._rows)

    def records(self) -> Records:
        """Return what was recorded."""
        columns = {name: np.array([row[name] for row in self._rows], np.float64) for name in MEASURES}
        for name in EPOCH_MEASURES:
            if any(name in row for row in self._rows):
                columns[name] = np.array([row.get(name, math.nan) for row in self._rows], np.float64)
        steps = np.array([row["step"] for row in self._rows], np.int64)
        flags = np.array([row["flags"] for row in self._rows], np.uint8)
        return Records(step=steps, flags=flags, **columns)


class Kept:
    """A network's state on the CPU, in memory that is allocated once and written over at every improvement."""

    def __init__(self, module: nn.Module) -> None:
        self._buffers = {n: torch.empty(t.shape, dtype=t.dtype) for n, t in module.state_dict().items()}
        self.state: State | None = None
        """The state last kept."""

    def keep(self, module: nn.Module) -> None:
        """Keep the present state."""
        for name, tensor in module.state_dict().items():
            self._buffers[name].copy_(tensor)
        self.state = self._buffers
