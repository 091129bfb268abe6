"""Layer densities of networks beside published ones."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from tombola.analysis.inspect_tables import WHOLE
from tombola.errors import TombolaError
from tombola.interop.layer_reference import LayerReference, percent

OURS = "ours"


def beside_reference(rows: Sequence[Mapping[str, Any]], reference: LayerReference) -> pd.DataFrame:
    """Return the densities of a network's layers beside those of a reference, layers paired in order.

    Parameters
    ----------
    rows
        One network's rows of `tombola.analysis.inspect_tables.mean_rows`.
    reference
        Published densities.

    Returns
    -------
    DataFrame
        ``layer``, ``theirs`` (what the layer is called there), ``ours``, and a column per network of the reference;
        `attrs` say which of these is ``nearest`` in density over all, and which layers were ``left_out``.

    Raises
    ------
    TombolaError
        If the numbers of layers differ, shortcuts left out or not.
    """
    inside = [row for row in rows if row["layer"] != WHOLE]
    left_out: list[str] = []
    if len(inside) > len(reference.layers):
        left_out = [row["layer"] for row in inside if "shortcut" in row["layer"]]
        inside = [row for row in inside if row["layer"] not in left_out]
    if len(inside) != len(reference.layers):
        raise TombolaError(
            f"{reference.name} has {len(reference.layers)} layers and the network {len(inside)} "
            f"{'without its shortcuts' if left_out else 'prunable ones'}; give the reference of this architecture"
        )
    ours = {"layer": [row["layer"] for row in inside], "theirs": reference.layers}
    ours[OURS] = [row["density"] for row in inside]
    table = pd.DataFrame(ours | {title: list(values) for title, values in reference.columns.items()})
    whole = sum(row["kept"] for row in inside) / sum(row["total"] for row in inside)
    apart = {title: _apart(whole, title, values, inside) for title, values in reference.columns.items()}
    table.attrs = {"nearest": min(apart, key=lambda title: apart[title]), "left_out": left_out}
    return table


def _apart(whole: float, title: str, values: Sequence[float], inside: Sequence[Mapping[str, Any]]) -> float:
    """Return the factor, as a logarithm, between a density and that of a network of the reference."""
    named = percent(title) if "%" in title else None
    kept = sum(value * row["total"] for value, row in zip(values, inside, strict=True))
    theirs = named / 100 if named else kept / sum(row["total"] for row in inside)
    return abs(math.log(whole / theirs)) if whole > 0 and theirs > 0 else math.inf
