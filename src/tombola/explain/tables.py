"""Tables of metrics: one row per network and metric, and one per level, with intervals over replicates and images."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from tombola.explain.intervals import two_level
from tombola.explain.metrics import metrics
from tombola.explain.sanity import Finding, failures

PLACE = ["level", "control", "condition", "method", "metric"]
MARK = "fails"
"""Before the names of failed sanity checks, wherever numbers of the method stand."""


def standing(findings: Sequence[Finding]) -> str:
    """Return what tables say about a method: ``passes``, ``fails: weights, edges``, or ``unchecked``.

    Examples
    --------
    >>> standing([])
    'unchecked'
    """
    if not findings:
        return "unchecked"
    failed = failures(findings)
    return f"{MARK}: {', '.join(failed)}" if failed else "passes"


def network_table(values: pd.DataFrame, findings: Sequence[Finding] = ()) -> pd.DataFrame:
    """Return one row per replicate, level, control, repetition, method and metric.

    Columns: where; density and compression rate; family of the metric and which values are better; mean over images
    with the interval over images; n, the images that have a value; sanity of the method. Missing is empty, never 0.
    """
    by = ["replicate", "level", "control", "repetition", "condition", "density", "compression_rate", "method", "metric"]
    rows = []
    for key, group in values.groupby(by, sort=False):
        rows.append(_at(by, key) | _mean(group.value.to_numpy(np.float64)[None]))
    return _described(pd.DataFrame(rows, columns=[*by, "mean", "low", "high", "n"]), findings)


def level_table(values: pd.DataFrame, findings: Sequence[Finding] = ()) -> pd.DataFrame:
    """Return one row per level, control, method and metric: means with intervals over replicates × images.

    Repetitions of a control are averaged first. The density is the mean over replicates.
    """
    rows = []
    for key, group in values.groupby(PLACE, sort=False):
        density = group.groupby("replicate").density.mean().mean()
        table = group.pivot_table("value", "replicate", "image", aggfunc="mean", dropna=False).to_numpy(np.float64)
        rows.append(
            _at(PLACE, key)
            | _mean(table)
            | {
                "density": density,
                "compression_rate": 1 / density if density else np.inf,
                "replicates": group.replicate.nunique(),
                "images": group.image.nunique(),
            }
        )
    columns = [*PLACE, "density", "compression_rate", "mean", "low", "high", "n", "replicates", "images"]
    return _described(pd.DataFrame(rows, columns=columns), findings)


def sanity_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """Return one row per sanity check and step; the last step of a check is the one that is judged."""
    rows = [
        {
            "check": finding.check,
            "method": finding.method,
            "where": finding.where,
            "passed": finding.passed,
            "limit": finding.limit,
            "step": number,
            "what": what,
            "similarity": similarity,
            "networks": finding.networks,
            "images": finding.images,
        }
        for finding in findings
        for number, (what, similarity) in enumerate(finding.steps.items())
    ]
    columns = ["check", "method", "where", "passed", "limit", "step", "what", "similarity", "networks", "images"]
    return pd.DataFrame(rows, columns=columns)


def _at(columns: Sequence[str], key: Any) -> dict[str, Any]:
    return dict(zip(columns, key, strict=True))


def _mean(table: Float[np.ndarray, "replicate image"]) -> dict[str, Any]:
    return two_level(table)._asdict()


def _described(frame: pd.DataFrame, findings: Sequence[Finding]) -> pd.DataFrame:
    known = [name for name in frame.metric.unique() if name in metrics]
    place = list(frame.columns).index("metric")
    frame = frame[frame.metric.isin(known)].reset_index(drop=True)
    frame.insert(place + 1, "family", [metrics[name].family for name in frame.metric])
    frame.insert(place + 2, "better", [metrics[name].better for name in frame.metric])
    # the method comes first, before the baselines it is held against
    judged = frame.method.iloc[0] if len(frame) else ""
    return frame.assign(sanity=[standing(findings) if method == judged else "" for method in frame.method])
