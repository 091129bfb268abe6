"""Sign flips: which surviving weights end training with another sign than they began with."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tombola.analysis.material import NetworkView
from tombola.analysis.signs.table import NETWORK_COLUMNS
from tombola.errors import TombolaError


def sign_flips(before: Sequence[NetworkView], after: Sequence[NetworkView]) -> pd.DataFrame:
    """Return how many surviving weights change their sign between two stages of the same networks.

    One row per network and layer, and one over all layers (``layer == "all"``): `kept` weights, how many became
    negative or positive, `flip_rate` over weights that have a sign in both stages, `flip_rate_by_chance` (what two
    unrelated sets of signs with these shares would give), and `became_zero`.

    Parameters
    ----------
    before, after
        The same networks in the same order, say `collect(…, stage="initial")` and `collect(…, stage="trained")`.
        What is kept is what the mask of `after` says.

    Raises
    ------
    TombolaError
        If the two are not the same networks.
    """
    rows = []
    if [view.label for view in before] != [view.label for view in after]:
        raise TombolaError("sign flips need the same networks in both stages, in the same order")
    for first, last in zip(before, after, strict=True):
        values = (last.label, last.condition, last.replicate, last.level, last.control, last.stage)
        identity = dict(zip(NETWORK_COLUMNS, values, strict=True)) | {"stage": f"{first.stage} to {last.stage}"}
        counts = {layer.name: _transitions(first, last, layer.name) for layer in last.layers}
        counts["all"] = np.sum(list(counts.values()), axis=0)
        rows += [{**identity, "layer": layer, **_row(table)} for layer, table in counts.items()]
    return pd.DataFrame(rows)


def _transitions(first: NetworkView, last: NetworkView, layer: str) -> np.ndarray:
    """Return how many kept weights go from which sign (row: -, 0, +) to which (column)."""
    keep = last.keep(layer)
    signs = [np.sign(view.weights(layer)[keep]).astype(np.int64) + 1 for view in (first, last)]
    return np.bincount(3 * signs[0] + signs[1], minlength=9).reshape(3, 3)


def _row(table: np.ndarray) -> dict[str, float]:
    signed = table[np.ix_([0, 2], [0, 2])]
    both, flips = int(signed.sum()), int(signed[0, 1] + signed[1, 0])
    share = signed / both if both else np.full((2, 2), np.nan)
    chance = float(share[0].sum() * share[:, 1].sum() + share[1].sum() * share[:, 0].sum())
    return {
        "kept": int(table.sum()),
        "became_negative": int(signed[1, 0]),
        "became_positive": int(signed[0, 1]),
        "became_zero": int(table[[0, 2], 1].sum()),
        "flip_rate": flips / both if both else np.nan,
        "flip_rate_by_chance": chance,
    }
