"""What a table of sign distributions comes to: pooled means, edge-pooled signs, correlations, dead units."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from tombola.analysis.signs.table import VARIABLES, alive

GROUPS = ["condition", "stage", "level", "layer"]


def pooled(table: pd.DataFrame) -> pd.DataFrame:
    """Return mean and population sd of each variable over the living units of all networks of a condition.

    One row per condition, stage, level and layer, with the number of networks and of units, and the correlation of
    `sign_rate_in` and `sign_rate_out` over units (NaN for output layers).
    """
    rows = []
    for key, part in alive(table).groupby(GROUPS, sort=False):
        row: dict[str, Any] = dict(zip(GROUPS, _keys(key), strict=True))
        row |= {"networks": part.network_id.nunique(), "units": len(part)}
        for variable in VARIABLES:
            values = part[variable].dropna()
            row |= {f"{variable}_mean": values.mean(), f"{variable}_sd": values.std(ddof=0)}
        rows.append(row | {"sign_correlation": _correlation(part)})
    return pd.DataFrame(rows)


def edge_pooled(table: pd.DataFrame) -> pd.DataFrame:
    """Return the positive share of all kept incoming weights of each network and layer, with counts of dead units.

    Pooling over weights instead of units: Σ positive / Σ (positive + negative), over living units as published; the
    pruned fraction is over all units.
    """
    rows = []
    for key, part in table.groupby(["network_id", "replicate", "control", *GROUPS], sort=False):
        live = alive(part)
        row: dict[str, Any] = dict(zip(["network_id", "replicate", "control", *GROUPS], _keys(key), strict=True))
        for side in ("in", "out"):
            positive, negative = live[f"pos_{side}"].sum(), live[f"neg_{side}"].sum()
            row[f"edge_sign_rate_{side}"] = positive / (positive + negative) if positive + negative else np.nan
        kept = part.pos_in.sum() + part.neg_in.sum() + part.zero_in.sum()
        row["pruned_fraction"] = 1 - kept / part.fan_in.sum()
        rows.append(row | _dead(part))
    return pd.DataFrame(rows)


def _dead(part: pd.DataFrame) -> dict[str, int]:
    kinds = {kind: int((part.dead == kind).sum()) for kind in ("no incoming", "no outgoing", "both")}
    named = {f"dead_{kind.replace(' ', '_')}": count for kind, count in kinds.items()}
    return {"units": len(part), "dead": sum(kinds.values()), **named, "dead_constant": int(part.constant.sum())}


def _correlation(part: pd.DataFrame) -> float:
    both = part[["sign_rate_in", "sign_rate_out"]].dropna()
    constant = len(both) < 2 or both.nunique().min() < 2
    return np.nan if constant else float(np.corrcoef(both.sign_rate_in, both.sign_rate_out)[0, 1])


def _keys(key: Hashable) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)
