"""The numbers behind the plots, as plain functions of arrays: for histories that come from anywhere.

Runs have these already (`Run.early_stop_table`); arrays shaped (replicate, level, record) come from other projects.
Means and error bars are `tombola.analysis.mean_and_errors`, duration texts `tombola.analysis.wording.duration`.
"""

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike, NDArray

from tombola.errors import TombolaError
from tombola.records import GRID, early_stop

NO_STOP = -1
"""Stands for the record of a training without any finite validation loss."""


def step_axis(records: int, interval: int) -> NDArray[np.int64]:
    """Return the steps of records on the grid.

    Examples
    --------
    >>> step_axis(3, 2).tolist()
    [2, 4, 6]
    """
    if records < 0 or interval < 1:
        raise TombolaError(f"{records} records, one every {interval} steps: no record axis is like that")
    return np.arange(1, records + 1, dtype=np.int64) * interval


def stop_records(val_loss: Float[ArrayLike, "... record"]) -> Int[np.ndarray, "..."]:
    """Return the early-stop record of every training, counted from 0; -1 where no loss is finite.

    The first minimum of the finite losses, as everywhere (`tombola.records.early_stop`).

    Examples
    --------
    >>> stop_records([[[5, 4, 3, 2, 1], [9, 8, 7, 8, 9]]]).tolist()
    [[4, 2]]
    """
    losses = _histories(val_loss)
    flat = losses.reshape(-1, losses.shape[-1])
    flags = np.full(flat.shape[-1], GRID, np.uint8)
    found = [early_stop(row, flags) for row in flat]
    return np.array([NO_STOP if stop is None else stop for stop in found], np.int64).reshape(losses.shape[:-1])


def stop_steps(val_loss: Float[ArrayLike, "... record"], interval: int) -> Float[np.ndarray, "..."]:
    """Return the early-stop step of every training; NaN where there is none.

    Examples
    --------
    >>> stop_steps([[[5, 4, 3, 2, 1], [9, 8, 7, 8, 9]]], 10).tolist()
    [[50.0, 30.0]]
    """
    records = stop_records(val_loss)
    return np.where(records == NO_STOP, np.nan, (records + 1) * float(interval))


def stop_values(
    val_loss: Float[ArrayLike, "... record"], values: Float[ArrayLike, "... record"]
) -> Float[np.ndarray, "..."]:
    """Return any history at early stop; NaN where there is none.

    Examples
    --------
    >>> stop_values([[3, 1, 2]], [[0.5, 0.7, 0.9]]).tolist()
    [0.7]
    """
    losses, history = _histories(val_loss), _histories(values)
    if losses.shape != history.shape:
        raise TombolaError(f"losses are shaped {list(losses.shape)} and values {list(history.shape)}; both must agree")
    records = stop_records(losses)
    found = np.take_along_axis(history, np.maximum(records, 0)[..., None], -1)[..., 0]
    return np.where(records == NO_STOP, np.nan, found)


def _histories(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, np.float64)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise TombolaError(f"histories shaped {list(array.shape)} hold no record; their last axis must be records")
    return array
