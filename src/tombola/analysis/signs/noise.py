"""The noise floor of a condition: how far apart two runs of one configuration are (sparse-analysis reference, 8).

The finite-sample floor beside every distance says what so few units give by chance. This one says what another
initialisation (another replicate) or another repetition of the same configuration gives.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tombola.analysis.signs.distances import Distances


def noise_table(found: Distances) -> pd.DataFrame:
    """Return the distances between networks of one condition, and how far those of other conditions rise above them.

    Columns: ``condition, layer, variable, measure``, ``pairs`` of networks of the condition, their ``noise`` (mean) and
    ``noise_95`` (95th percentile), ``floor_mean`` and ``floor_95`` of the same pairs; ``others``, the mean distance to
    networks of all other conditions, and ``ratio``, others over noise. NaN where a condition has one network.

    Parameters
    ----------
    found
        What `tombola.analysis.signs.distances.distances` returns.
    """
    rows = []
    conditions = np.array(found.conditions, object)
    for condition in dict.fromkeys(found.conditions):
        mine = conditions == condition
        own = np.triu(mine[:, None] & mine, 1)
        across = mine[:, None] & ~mine
        for (layer, variable, measure), matrices in found.cells.items():
            values, other = _known(matrices.values[own]), _known(matrices.values[across])
            floors = [_mean(_known(matrix[own])) for matrix in (matrices.floor_mean, matrices.floor_high)]
            row: dict[str, Any] = {"condition": condition, "layer": layer, "variable": variable, "measure": measure}
            noise, far = _mean(values), _mean(other)
            row |= {"pairs": len(values), "noise": noise}
            row |= {"noise_95": float(np.quantile(values, 0.95)) if len(values) else np.nan}
            row |= {"floor_mean": floors[0], "floor_95": floors[1]}
            rows.append(row | {"others": far, "ratio": far / noise if noise > 0 else np.nan})
    return pd.DataFrame(rows)


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(values[np.isfinite(values)])


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float("nan")
