"""Records: what is measured while a network trains, and the one rule that finds the early stop in them."""

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float, Int, UInt8
from numpy.typing import NDArray

GRID, START, FINAL, RESTORED = 1, 2, 4, 8
"""Flags of a record; a final record that falls on the grid carries both. The weights at a restored one are the result
of a training with a convergence rule (`train.converge`)."""

MEASURES = ("train_loss", "val_loss", "val_accuracy", "test_accuracy")

EPOCH_MEASURES = ("train_accuracy", "lr")
"""Measured in addition where a convergence rule looks at every epoch; absent elsewhere."""


@dataclass(frozen=True)
class Records:
    """The measurements of one training, one entry per record, steps ascending.

    ``train_loss`` is the mean of the batch losses since the previous record; validation and test figures are means
    over samples; accuracies lie in [0, 1]. What was not measured is NaN. ``train_accuracy`` is that of the samples
    trained on since the previous record, ``lr`` the learning rate of the last step; None without a convergence rule.
    """

    step: Int[np.ndarray, " record"]
    flags: UInt8[np.ndarray, " record"]
    train_loss: Float[np.ndarray, " record"]
    val_loss: Float[np.ndarray, " record"]
    val_accuracy: Float[np.ndarray, " record"]
    test_accuracy: Float[np.ndarray, " record"]
    train_accuracy: Float[np.ndarray, " record"] | None = None
    lr: Float[np.ndarray, " record"] | None = None

    def early_stop(self) -> int | None:
        """Return the index of the early-stop record, or None where no validation loss qualifies."""
        return early_stop(self.val_loss, self.flags)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays by field name, ready to be stored."""
        columns = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: values for name, values in columns.items() if values is not None}


def early_stop(val_loss: Float[np.ndarray, " record"], flags: UInt8[np.ndarray, " record"]) -> int | None:
    """Return the index of the record with the smallest finite validation loss, the first one if tied.

    The record before training (``START``) never qualifies, the final one does; NaN and infinities never do. There is no
    patience and no smoothing (Frankle & Carbin 2019, section 2). Where a convergence rule restored weights, theirs
    is the early stop, even where no epoch improved on those before training.

    Examples
    --------
    >>> early_stop(np.array([2, 1, 0.5, 1]), np.full(4, GRID, np.uint8))
    2
    """
    restored = np.flatnonzero(flags & RESTORED)
    if len(restored):
        return int(restored[0])
    eligible = np.isfinite(val_loss) & ((flags & START) == 0)
    if not eligible.any():
        return None
    return int(np.argmin(np.where(eligible, val_loss, np.inf)))


def record_steps(first: int, last: int, interval: int) -> list[tuple[int, int]]:
    """Return the (step, flags) of every record of a training from step `first` to step `last`.

    Examples
    --------
    >>> record_steps(0, 10, 4)
    [(0, 2), (4, 1), (8, 1), (10, 4)]
    """
    grid = range((first // interval + 1) * interval, last + 1, interval)
    records = {first: START} | dict.fromkeys(grid, GRID)
    records[last] = records.get(last, 0) | FINAL
    return sorted(records.items())
