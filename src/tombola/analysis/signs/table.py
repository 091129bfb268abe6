"""The table of sign distributions: a row per unit of every network, dead units included and flagged."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from tombola.analysis.material import NetworkView
from tombola.analysis.signs.counts import LayerSigns, Side, layer_signs
from tombola.analysis.signs.wiring import FlattenOrder

VARIABLES: Final = ("prune_rate_in", "prune_rate_out", "sign_rate_in", "sign_rate_out")
"""The four variables of a sign distribution, in the order of the published files."""

NETWORK_COLUMNS: Final = ("network_id", "condition", "replicate", "level", "control", "stage")
COUNTS: Final = ("pos_in", "pos_out", "neg_in", "neg_out")


def sign_table(views: Sequence[NetworkView], flatten: FlattenOrder = "channels-first") -> pd.DataFrame:
    """Return the sign distributions of networks, one row per unit (reference: signs 2).

    Columns are ``network_id, condition, replicate, level, control, stage, layer, kind, neuron``, the counts of kept
    weights ``pos_in, pos_out, neg_in, neg_out``, those of kept zeros and of all weights (``zero_in, zero_out, fan_in,
    fan_out``), the four rates, ``dead`` (empty, or why) and ``constant`` (a dead unit's bias is not zero). The rates
    of dead units are NaN, as are what output units lack.

    Parameters
    ----------
    views
        The networks.
    flatten
        As in `readers`.
    """
    parts = []
    for view in views:
        for signs in layer_signs(view, flatten):
            part = _rows(signs)
            for position, (column, value) in enumerate(_network(view).items()):
                part.insert(position, column, value)
            parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*NETWORK_COLUMNS])


def alive(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of units that are connected on both sides, as all distributions are taken over."""
    return table[table.dead == ""]


def hidden(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of units that have something behind them."""
    return table[table.fan_out.notna()]


def _network(view: NetworkView) -> dict[str, Any]:
    values = (view.label, view.condition, view.replicate, view.level, view.control, view.stage)
    return dict(zip(NETWORK_COLUMNS, values, strict=True))


def _rows(signs: LayerSigns) -> pd.DataFrame:
    incoming, outgoing = signs.incoming, signs.outgoing or _nothing(len(signs.dead))
    known = signs.outgoing is not None
    live = signs.dead == ""
    columns: dict[str, Any] = {"layer": signs.layer, "kind": signs.kind, "neuron": np.arange(len(signs.dead))}
    for count in ("positive", "negative", "zero", "fan"):
        short = {"positive": "pos", "negative": "neg"}.get(count, count)
        columns[f"{short}_in"] = getattr(incoming, count)
        columns[f"{short}_out"] = getattr(outgoing, count) if known else np.nan
    for rate in ("prune_rate", "sign_rate"):
        columns[f"{rate}_in"] = np.where(live, getattr(incoming, rate), np.nan)
        columns[f"{rate}_out"] = np.where(live & known, getattr(outgoing, rate), np.nan)
    columns["dead"] = signs.dead.astype(object)
    columns["constant"] = signs.constant & ~live
    order = ["layer", "kind", "neuron", *COUNTS, "zero_in", "zero_out", "fan_in", "fan_out", *VARIABLES]
    return pd.DataFrame(columns)[[*order, "dead", "constant"]]


def _nothing(units: int) -> Side:
    none = np.zeros(units, np.int64)
    return Side(none, none, none, none)
