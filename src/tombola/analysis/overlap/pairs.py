"""The table of overlaps: every two networks, every layer, beside what chance would give."""

from collections.abc import Sequence
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from tombola.analysis.material import NetworkView
from tombola.analysis.overlap.chance import common_variance, expected_common, log10_tails, z_score
from tombola.analysis.overlap.counts import Common, common_counts
from tombola.errors import TombolaError
from tombola.store.folder import TICKET

WHOLE: Final = "all"
PAIR: Final = ["network_a", "network_b", "condition_a", "condition_b", "relation", "shared_init"]


def overlap_table(views: Sequence[NetworkView]) -> pd.DataFrame:
    """Return what the masks of every two networks have in common (reference: sparse_analysis 12, signs 13).

    One row per pair and layer, and one over all layers (``layer == "all"``), with

    - ``size, kept_a, kept_b, common``, ``jaccard`` (common / kept by either) and ``overlap`` (common / the smaller);
    - chance, if both kept so many weights anywhere in the layer: ``expected``, ``jaccard_expected``, ``z``, and log10
      of the exact hypergeometric chance of at least (``log10_p_more``) and at most (``log10_p_less``) so many;
    - chance, if both kept as many weights of every input as they do: ``expected_by_input, z_by_input``. Networks agree
      beyond the first kind of chance as soon as both keep nothing of the same empty pixels;
    - signs of the weights in common: ``signed`` (not zero in either), ``same_sign`` (share of these),
      ``same_sign_expected`` with both networks' shares of positive ones, ``same_sign_z, same_sign_log10_p_more``.

    Parameters
    ----------
    views
        Two networks or more, of the same layers.

    Raises
    ------
    TombolaError
        If there are fewer than two, or their layers differ.
    """
    if len(views) < 2:
        raise TombolaError("overlap needs two networks or more; choose more levels, replicates or runs")
    counts = common_counts(views)
    digests = [_digest(view) for view in views]
    rows = []
    for a, b in combinations(range(len(views)), 2):
        one, two = views[a], views[b]
        shared = None if digests[a] is None or digests[b] is None else digests[a] == digests[b]
        pair = dict(
            zip(
                PAIR,
                (one.label, two.label, one.condition, two.condition, _relation(one, two, shared), shared),
                strict=True,
            )
        )
        layers = {name: _row(common, a, b) for name, common in counts.items()}
        rows += [pair | {"layer": name} | row for name, row in layers.items()]
        rows.append(pair | {"layer": WHOLE} | _whole(list(counts.values()), a, b))
    return pd.DataFrame(rows)


def overlap_summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return means over pairs of each two conditions, by relation and layer; with the lowest and highest Jaccard.

    Two conditions stand in one order, whichever of a pair's networks came first. Pairs that share a network are not
    independent, so there is no interval.
    """
    keys = ["condition_a", "condition_b", "relation", "layer"]
    names = table[["condition_a", "condition_b"]]
    place = {name: number for number, name in enumerate(dict.fromkeys(names.to_numpy().ravel()))}
    turned = table.condition_a.map(place) > table.condition_b.map(place)
    ordered = table.assign(
        condition_a=names.condition_a.where(~turned, names.condition_b),
        condition_b=names.condition_b.where(~turned, names.condition_a),
    )
    rows = []
    for key, part in ordered.groupby(keys, sort=False):
        row = dict(zip(keys, key, strict=True))
        row |= {"pairs": len(part), "networks": len({*part.network_a, *part.network_b})}
        row |= {"jaccard": part.jaccard.mean(), "jaccard_low": part.jaccard.min(), "jaccard_high": part.jaccard.max()}
        for column in ("jaccard_expected", "z", "z_by_input", "same_sign", "same_sign_expected", "same_sign_z"):
            row[column] = part[column].mean()
        rows.append(row)
    return pd.DataFrame(rows)


def _row(common: Common, a: int, b: int) -> dict[str, float]:
    kept_a, kept_b, both = (int(common.kept[pair]) for pair in ((a, a), (b, b), (a, b)))
    expected = float(expected_common(common.size, kept_a, kept_b))
    more, less = log10_tails(both, common.size, kept_a, kept_b)
    row = _basis(common.size, kept_a, kept_b, both, expected, float(common_variance(common.size, kept_a, kept_b)))
    row |= {"log10_p_more": more, "log10_p_less": less, "expected_by_input": float(common.by_input[a, b])}
    row["z_by_input"] = float(z_score(both, common.by_input[a, b], common.by_input_variance[a, b]))
    signed, same = int(common.signed[a, b]), int(common.both_positive[a, b] + common.both_negative[a, b])
    positive_a, positive_b = int(common.positive[a, b]), int(common.positive[b, a])
    both_positive = expected_common(signed, positive_a, positive_b)
    variance = common_variance(signed, positive_a, positive_b)
    chance = 2 * float(both_positive) + signed - positive_a - positive_b
    tail = log10_tails(int(common.both_positive[a, b]), signed, positive_a, positive_b)[0] if signed else np.nan
    return row | {
        "signed": signed,
        "same_sign": same / signed if signed else np.nan,
        "same_sign_expected": chance / signed if signed else np.nan,
        "same_sign_z": float(z_score(common.both_positive[a, b], both_positive, variance)),
        "same_sign_log10_p_more": tail,
    }


def _whole(layers: Sequence[Common], a: int, b: int) -> dict[str, float]:
    """Return the sums over layers; chance keeps every layer's count. Tails of sums are not computed."""
    parts = [_row(common, a, b) for common in layers]
    size, kept_a, kept_b, both, signed = (
        sum(int(part[name]) for part in parts) for name in ("size", "kept_a", "kept_b", "common", "signed")
    )
    expected, by_input = (sum(part[name] for part in parts) for name in ("expected", "expected_by_input"))
    variance = sum(float(common_variance(part["size"], part["kept_a"], part["kept_b"])) for part in parts)
    row = _basis(size, kept_a, kept_b, both, expected, variance)
    row |= {"log10_p_more": np.nan, "log10_p_less": np.nan, "expected_by_input": by_input}
    row["z_by_input"] = float(z_score(both, by_input, sum(float(c.by_input_variance[a, b]) for c in layers)))
    same, chance = (
        sum(part["signed"] * part[name] for part in parts if part["signed"])
        for name in ("same_sign", "same_sign_expected")
    )
    spread = sum(
        4 * float(common_variance(int(c.signed[a, b]), int(c.positive[a, b]), int(c.positive[b, a]))) for c in layers
    )
    return row | {
        "signed": signed,
        "same_sign": same / signed if signed else np.nan,
        "same_sign_expected": chance / signed if signed else np.nan,
        "same_sign_z": float(z_score(same, chance, spread)),
        "same_sign_log10_p_more": np.nan,
    }


def _basis(size: int, kept_a: int, kept_b: int, both: int, expected: float, variance: float) -> dict[str, float]:
    either, fewer = kept_a + kept_b - both, min(kept_a, kept_b)
    return {
        "size": size,
        "kept_a": kept_a,
        "kept_b": kept_b,
        "common": both,
        "jaccard": both / either if either else np.nan,
        "overlap": both / fewer if fewer else np.nan,
        "expected": expected,
        "jaccard_expected": expected / (kept_a + kept_b - expected) if either else np.nan,
        "z": float(z_score(both, expected, variance)),
    }


def _digest(view: NetworkView) -> str | None:
    try:
        return view.initial_digest
    except TombolaError:
        return None  # the initial state was not kept


def _relation(one: NetworkView, two: NetworkView, shared: bool | None) -> str:
    same = one.run and (one.run, one.replicate) == (two.run, two.replicate)
    if same and one.control == two.control == TICKET:
        return "same network, other level" if one.level != two.level else "same network, other stage"
    if same:
        return "same replicate"
    return "other network" if shared is None else "same initial weights" if shared else "other initial weights"
