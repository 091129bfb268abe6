"""Clusters in words, by rule (reference: signs 6 and 8)."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from tombola.analysis.signs.table import VARIABLES

POSITIVE: Final = 0.55
NEGATIVE: Final = 0.45
HEADINGS: Final = {
    "prune_rate_in": "pruned in",
    "prune_rate_out": "pruned out",
    "sign_rate_in": "positive in",
    "sign_rate_out": "positive out",
}


def ranked(means: ArrayLike) -> list[str]:
    """Return ``highest``, ``lowest`` or ``medium`` for each of some means; all medium where they are equal.

    Examples
    --------
    >>> ranked([0.9, 0.99, 0.95])
    ['lowest', 'highest', 'medium']
    """
    values = np.asarray(means, np.float64)
    if np.nanmax(values) == np.nanmin(values):
        return ["medium"] * len(values)
    top, bottom = np.nanargmax(values), np.nanargmin(values)
    return ["highest" if i == top else "lowest" if i == bottom else "medium" for i in range(len(values))]


def sign_word(rate: float) -> str:
    """Return ``positive`` above 0.55, ``negative`` below 0.45, else ``balanced``; an empty text for NaN."""
    if np.isnan(rate):
        return ""
    return "positive" if rate > POSITIVE else "negative" if rate < NEGATIVE else "balanced"


def verbal_table(stats: pd.DataFrame) -> pd.DataFrame:
    """Return clusters in words: prune rates compared between clusters, sign rates by what they are.

    One row per layer, condition and cluster, within each layer and condition by falling share of units: the columns of
    `stats` that name it, ``ratio``, and for every variable its mean and, as ``<variable>_word``, the word. Where
    `stats` has a column ``score`` (from `cluster_contributions`), that is put into words like prune rates.

    Parameters
    ----------
    stats
        From `cluster_stats`.
    """
    found = []
    for _, here in stats.groupby(["layer", "condition"], sort=False):
        table = here[["layer", "condition", "cluster", "units", "ratio"]].copy()
        for variable in VARIABLES:
            means = here[f"{variable}_mean"].to_numpy(np.float64)
            table[variable] = means
            pruning = variable.startswith("prune_rate")
            table[f"{variable}_word"] = ranked(means) if pruning else [sign_word(mean) for mean in means]
        if "score" in here:
            table["score"], table["share"] = here.score, here.share
            table["score_word"] = ranked(here.score)
        found.append(table.sort_values("ratio", ascending=False, kind="stable"))
    return pd.concat(found, ignore_index=True)


def in_words(table: pd.DataFrame) -> pd.DataFrame:
    """Return a verbal table as people read it: each number with its word, shares in percent.

    Parameters
    ----------
    table
        From `verbal_table`.
    """
    short = table[["layer", "condition", "cluster"]].copy()
    short["layer"] = [str(layer).removesuffix(".weight") for layer in table.layer]
    short["of the units"] = [f"{ratio:.1%}" for ratio in table.ratio]
    for variable, words in HEADINGS.items():
        said = table[f"{variable}_word"].replace("medium", "")
        short[words] = [f"{mean:.3f} {word}".strip() for mean, word in zip(table[variable], said, strict=True)]
    if "share" in table:
        short["of the contribution"] = [f"{share:.1%}" for share in table.share]
    return short
