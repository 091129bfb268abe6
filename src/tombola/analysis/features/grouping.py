"""Tables of pairs by pair of conditions."""

from collections.abc import Sequence

import pandas as pd

from tombola.analysis.material import NetworkView

WHOLE = "all"
"""The row of the mean over layers."""
MEASURES = (
    "unmatched", "semi", "semi_back", "matched", "matched_dead_as_0", "chance_matched", "chance_semi", "cka",
    "cka_debiased", "cca", "svcca",
)  # fmt: skip


def group_features(pairs: pd.DataFrame, layers: Sequence[str] = (WHOLE,)) -> pd.DataFrame:
    """Return means over pairs by pair of conditions, within conditions first, with how many pairs and networks."""
    part = grouped(pairs[pairs.layer.isin(layers)])
    rows = []
    for (layer, within, group), found in part.groupby(["layer", "within", "group"], sort=False):
        means = {name: float(found[name].mean()) for name in MEASURES if name in found}
        rows.append(
            {
                "layer": layer,
                "group": group,
                "within": bool(within),
                "n_pairs": len(found),
                "n_networks": len({*found.net_a, *found.net_b}),
                "shared_init": int(sum(shared is True for shared in found.shared_init)),
                **means,
            }
        )
    table = pd.DataFrame(rows)
    return table.sort_values("within", ascending=False, kind="stable").reset_index(drop=True) if rows else table


def by_condition(views: Sequence[NetworkView]) -> list[NetworkView]:
    """Return networks with those of one condition next to each other, conditions in the order they first occur."""
    order = [*dict.fromkeys(view.condition for view in views)]
    return sorted(views, key=lambda view: order.index(view.condition))


def grouped(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return a pair table with columns ``within`` and ``group``: the condition, or both of them in order of names."""
    ends = [*zip(pairs.condition_a, pairs.condition_b, strict=True)]
    names = [one if one == two else " \N{EN DASH} ".join(sorted((one, two))) for one, two in ends]
    return pairs.assign(group=names, within=[one == two for one, two in ends])


def summary_features(groups: pd.DataFrame, agreement: pd.DataFrame) -> pd.DataFrame:
    """Return the few columns of means over layers that are read first, with the disagreement of answers."""
    answers = grouped(agreement).groupby("group").disagreement.mean()
    whole = groups[groups.layer == WHOLE]
    names = ["group", "n_networks", "n_pairs", "matched", "chance_matched", "cka_debiased", "svcca"]
    found = whole[[name for name in names if name in whole]].rename(columns={"chance_matched": "by_chance"})
    return found.assign(disagreement=whole.group.map(answers)).reset_index(drop=True)
