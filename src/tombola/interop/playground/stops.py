"""Early-stop files of the playground framework: pickled objects, read as inert records."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from tombola.errors import TombolaError
from tombola.interop.restricted import LIMIT, is_state_dict, read_torch
from tombola.interop.restricted_arrays import ARRAYS, Array
from tombola.interop.restricted_builders import Record, named, record

CLASS = "experiments.early_stop_histories.EarlyStopHistory"
GLOBALS = dict(ARRAYS) | dict(named(record(CLASS)))


@dataclass(frozen=True)
class Stops:
    """What was kept of one replicate at early stop.

    Attributes
    ----------
    states
        Per level the state dict, in the framework's own names; None where none was kept.
    indices
        Per level the index of the step, counted from 0; -1 where there was no stop.
    """

    states: tuple[dict[str, Tensor] | None, ...]
    indices: Int[np.ndarray, " level"]

    def records(self, interval: int) -> list[int | None]:
        """Return the record of each stop; None where there was none, or the index is no step of a record.

        An index is one less than the step that the record was taken after (playground reference, B9).
        """
        found = [(int(index) + 1) // interval - 1 if (int(index) + 1) % interval == 0 else -1 for index in self.indices]
        return [record if record >= 0 else None for record in found]


def load_stops(path: str | Path, *, limit: int = LIMIT) -> Stops:
    """Return what an ``-early-stop<n>.pth`` file holds.

    Raises
    ------
    TombolaError
        One sentence, if it is damaged, or names anything that such a file does not need.
    """
    value = read_torch(path, globals=GLOBALS, limit=limit)
    fields = value.fields if isinstance(value, Record) and value.name == CLASS else {}
    states, indices = _objects(fields.get("state_dicts")), _numbers(fields.get("indices"))
    if states is None or indices is None or len(states) != len(indices):
        raise TombolaError(f"{path} holds no early-stop history (one state dict and one index per level)")
    for level, state in enumerate(states):
        if state is not None and not is_state_dict(state):
            raise TombolaError(f"{path} holds something else than a state dict for level {level}")
    return Stops(tuple(states), indices)


def _objects(value: Any) -> list[Any] | None:
    return value.objects if isinstance(value, Array) else value if type(value) is list else None


def _numbers(value: Any) -> Int[np.ndarray, " level"] | None:
    numbers = value.numbers if isinstance(value, Array) else None
    return (
        numbers.astype(np.int64) if numbers is not None and numbers.ndim == 1 and numbers.dtype.kind in "iu" else None
    )


def last_below_infinity(val_loss: Float[np.ndarray, " record"]) -> int | None:
    """Return the record that files before 2020-08-26 took for the stop: the last finite one, not the smallest."""
    finite = np.flatnonzero(val_loss < np.inf)
    return int(finite[-1]) if len(finite) else None
