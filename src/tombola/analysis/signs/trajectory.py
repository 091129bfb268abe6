"""The sign trajectory: how signs, dead units and pruned fractions of each layer move from level to level."""

import pandas as pd

from tombola.analysis.intervals import mean_interval, paired_difference
from tombola.analysis.signs.summary import edge_pooled

QUANTITIES = ("edge_sign_rate_in", "edge_sign_rate_out", "dead", "pruned_fraction")
LEVEL = r",? ?level \d+"
SERIES = ["condition", "stage", "control", "layer"]


def trajectory(table: pd.DataFrame) -> pd.DataFrame:
    """Return each quantity per level: mean over replicates with its interval, and the change since the first level.

    Quantities are the positive share of kept incoming and outgoing weights, dead units and the pruned fraction. The
    change is paired within replicates, so it rests on those that have both levels (reference: signs 10).

    Parameters
    ----------
    table
        A table of `sign_table` over several levels.
    """
    networks, rows = _across_levels(edge_pooled(table)), []
    means = networks.groupby([*SERIES, "level", "replicate"], sort=False)[list(QUANTITIES)].mean().reset_index()
    for key, part in means.groupby(SERIES, sort=False):
        series = dict(zip(SERIES, key, strict=True))
        first = part[part.level == part.level.min()]
        for level, at in part.groupby("level"):
            for quantity in QUANTITIES:
                now, begin = _by_replicate(at, quantity), _by_replicate(first, quantity)
                value, change = mean_interval(list(now.values())), paired_difference(now, begin)
                row = series | {"level": level, "quantity": quantity, "mean": value.mean}
                row |= {"low": value.low, "high": value.high, "n": value.n}
                rows.append(row | {"change": change.mean, "change_low": change.low, "change_high": change.high})
    return pd.DataFrame(rows)


def _across_levels(networks: pd.DataFrame) -> pd.DataFrame:
    """Return networks with conditions that do not name the level: ``tickets, level 3`` is ``tickets``."""
    without = networks.condition.astype(str).str.replace(LEVEL, "", regex=True).str.strip(", ")
    return networks.assign(condition=without.mask(without == "", networks.condition))


def _by_replicate(part: pd.DataFrame, quantity: str) -> dict[int, float]:
    return dict(zip(part.replicate, part[quantity], strict=True))
