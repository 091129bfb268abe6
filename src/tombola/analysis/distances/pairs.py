"""Distances of all pairs of networks as one tidy table, each beside its null models."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from tombola.analysis.distances.entries import network_distance
from tombola.analysis.distances.network import Network, comparable
from tombola.analysis.distances.nulls import DRAWS, WHOLE, Null, NullNetworks, unmatched_expectation
from tombola.analysis.distances.results import NetworkDistance
from tombola.analysis.distances.settings import PLAIN, Settings
from tombola.errors import TombolaError
from tombola.telling import Tell, silent, walked

Row = dict[str, object]


def pair_table(
    networks: Sequence[Network],
    entries: Sequence[str] = ("sasd",),
    settings: Settings = PLAIN,
    *,
    nulls: Sequence[str] = (),
    draws: int = DRAWS,
    seed: int = 0,
    tell: Tell = silent,
) -> pd.DataFrame:
    """Return one row per pair, entry and layer, and one for the mean over layers (layer ``all``).

    Parameters
    ----------
    networks
        Of equal architecture, with different labels; layers are called as in the first.
    entries
        Registered distances.
    settings
        What the entries leave open.
    nulls
        Null models: each adds ``null_…_mean``, ``_sd``, ``_z`` and ``_percentile``.
    draws, seed
        Of the null models.
    tell
        Hears how many pairs are done, and then how many draws of each null model.

    Returns
    -------
    DataFrame
        ``net_a``, ``net_b``, ``condition_a``, ``condition_b``, ``shared_init`` (whether both grew from the same initial
        weights, which makes signed distances small; missing where that is not known), ``entry``, ``alignment``,
        ``outputs``, ``empty``, ``layer``, ``value``, ``mean``, ``pooled``, ``unordered``, ``units``, ``empty_pairs``,
        ``unmatched_null`` (closed form), and the null models' columns.

    Raises
    ------
    TombolaError
        If there are fewer than two networks, labels repeat, architectures differ, or a name is unknown.
    """
    labels = [network.label for network in networks]
    if len({*labels}) < len(labels):
        repeated = next(label for label in labels if labels.count(label) > 1)
        raise TombolaError(f"two networks are called '{repeated}'; labels must differ")
    if len(networks) < 2:
        raise TombolaError(f"{len(networks)} networks have no distance; two or more are needed")
    drawn = [NullNetworks(model, draws, seed) for model in nulls]
    pairs = [*combinations([comparable(networks[0], network)[1] for network in networks], 2)]
    found = {
        (number, entry): network_distance(one, two, entry, settings)
        for number, (one, two) in enumerate(walked(pairs, "pairs of networks", tell))
        for entry in entries
    }
    distributions = {null.model: null.distributions(pairs, entries, settings, tell) for null in drawn}
    rows: list[Row] = []
    for (number, entry), distance in found.items():
        rows += _rows(*pairs[number], distance, {model: each[number, entry] for model, each in distributions.items()})
    return pd.DataFrame(rows)


def shared_init(one: Network, two: Network) -> bool | None:
    """Return whether two networks grew from the same initial weights; None where that is not known."""
    if one.initial_digest is None or two.initial_digest is None:
        return None
    return one.initial_digest == two.initial_digest


def square(table: pd.DataFrame, entry: str, column: str = "value", layer: str = WHOLE) -> pd.DataFrame:
    """Return one column of a pair table as a symmetric matrix with a zero diagonal, in the order of the networks.

    Raises
    ------
    TombolaError
        If the table has no such entry or layer.
    """
    part = table[(table.entry == entry) & (table.layer == layer)]
    if part.empty:
        raise TombolaError(f"the table holds no distances '{entry}' of layer '{layer}'")
    labels = [*dict.fromkeys([*part.net_a, *part.net_b])]
    values = np.zeros((len(labels), len(labels)))
    for a, b, value in zip(part.net_a, part.net_b, part[column], strict=True):
        i, j = labels.index(a), labels.index(b)
        values[i, j] = values[j, i] = value
    return pd.DataFrame(values, index=labels, columns=labels)


def group_means(table: pd.DataFrame, column: str = "value") -> pd.DataFrame:
    """Return mean, range and number of pairs by entry, layer and pair of conditions, within conditions first.

    A single number of pairs says little: pairs that share a network are not independent (`n_networks` says how many
    networks there are).
    """
    table = grouped(table)
    rows = []
    keys = ["entry", "layer", "within", "group"]
    for (entry, layer, within, group), part in table.groupby(keys, sort=False):
        values = part[column].astype(float)
        rows.append(
            {
                "entry": entry,
                "layer": layer,
                "group": group,
                "within": bool(within),
                "mean": values.mean(),
                "lowest": values.min(),
                "highest": values.max(),
                "pairs": int(values.notna().sum()),
                "n_networks": len({*part.net_a, *part.net_b}),
                "shared_init": int(sum(shared is True for shared in part.shared_init)),
            }
        )
    return pd.DataFrame(rows)


def grouped(table: pd.DataFrame) -> pd.DataFrame:
    """Return a pair table with the conditions of pairs as ``group``, and whether they are the same as ``within``.

    Rows are in order: pairs within conditions first, conditions in the order of the networks.
    """
    names = [*dict.fromkeys([*table.condition_a, *table.condition_b])]
    pairs = [sorted(pair, key=names.index) for pair in zip(table.condition_a, table.condition_b, strict=True)]
    place = [(a != b, names.index(a), names.index(b)) for a, b in pairs]
    table = table.assign(group=[" \N{EN DASH} ".join(map(str, pair)) for pair in pairs])
    table = table.assign(within=table.condition_a == table.condition_b)
    return table.iloc[sorted(range(len(table)), key=lambda row: place[row])]


def _rows(one: Network, two: Network, distance: NetworkDistance, nulls: dict[str, dict[str, Null]]) -> Iterator[Row]:
    common: Row = {
        "net_a": one.label,
        "net_b": two.label,
        "condition_a": one.condition,
        "condition_b": two.condition,
        "shared_init": shared_init(one, two),
        "entry": distance.entry,
        "alignment": distance.settings.alignment,
        "outputs": distance.settings.outputs,
        "empty": distance.settings.empty,
    }
    for layer in distance.layers:
        densities = [network.layers[layer.layer].keep.mean() for network in (one, two)]
        values: Row = {
            "layer": layer.layer,
            "value": layer.value,
            "mean": layer.mean,
            "pooled": layer.pooled,
            "unordered": layer.unordered,
            "units": layer.units,
            "empty_pairs": layer.empty,
            "unmatched_null": unmatched_expectation(distance.entry, densities),
        }
        yield {**common, **values, **_null_columns(nulls, layer.layer, layer.value)}
    means = [layer.mean for layer in distance.layers]
    whole: Row = {
        "layer": WHOLE,
        "value": distance.value,
        "mean": float(np.nanmean(means)) if not np.isnan(means).all() else float("nan"),
        "pooled": distance.pooled,
        "unordered": distance.unordered,
        "units": sum(layer.units for layer in distance.layers),
        "empty_pairs": sum(layer.empty for layer in distance.layers),
        "unmatched_null": float("nan"),
    }
    yield {**common, **whole, **_null_columns(nulls, WHOLE, distance.value)}


def _null_columns(nulls: dict[str, dict[str, Null]], layer: str, value: float) -> Row:
    columns: Row = {}
    for model, by_layer in nulls.items():
        null = by_layer[layer]
        columns[f"null_{model}_mean"], columns[f"null_{model}_sd"] = null.mean, null.sd
        columns[f"null_{model}_z"], columns[f"null_{model}_percentile"] = null.z(value), null.percentile(value)
    return columns
