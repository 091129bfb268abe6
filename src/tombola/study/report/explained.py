"""The values that ``tombola explain`` wrote, in the words of a study: its images, its conditions."""

from pathlib import Path
from typing import Any, Final

import pandas as pd

from tombola.errors import TombolaError
from tombola.explain.tables import MARK
from tombola.explain.writing import ABOUT
from tombola.store.files import read_json
from tombola.study.design.folder import Study
from tombola.study.report.facts import sources_of

PLACE: Final = ("replicate", "level", "control")
"""Columns that say which network a value is of, and tell such a table from a plain one."""


def of_explain(table: pd.DataFrame, path: Path, study: Study) -> pd.DataFrame:
    """Return ``image, condition, metric, value`` of a study from a ``values.csv`` of ``tombola explain``.

    A condition is the network that the study shows as it: level, control and, where the study names one, replicate.
    An image is the one at the same place of the same part of the data. With several methods a metric is named with its
    method, and a method that failed its sanity checks is marked wherever its numbers stand.

    Parameters
    ----------
    table
        The file, as texts.
    path
        Where it lies; beside it the description of the explanations.
    study
        The study.

    Raises
    ------
    TombolaError
        If none of the networks or images are the study's.
    """
    described: dict[str, Any] = read_json(path.with_name(ABOUT)) if path.with_name(ABOUT).is_file() else {}
    table = table.assign(image=str(described.get("part", "test")) + ":" + table.image)
    if "method" in table:
        table = table.assign(metric=_named(table, str(described.get("method", "")), str(described.get("sanity", ""))))
    parts = []
    for condition in study.spec.conditions:
        if condition.level is None:
            continue
        mine = (table.level == str(condition.level)) & (table.control == condition.control)
        if condition.replicate is not None:
            mine &= table.replicate == str(condition.replicate)
        parts.append(table[mine].assign(condition=condition.name))
    known = sources_of(study)
    found = pd.concat(parts, ignore_index=True) if parts else table.head(0)
    found = found[found.image.isin(known)]
    if found.empty:
        raise TombolaError(
            f"{path} explains none of the study's networks on its images; explain the run it was made from, "
            "on the images of its key"
        )
    return found[["image", "condition", "metric", "value"]].reset_index(drop=True)


def _named(table: pd.DataFrame, judged: str, sanity: str) -> "pd.Series[str]":
    names = table.metric
    if table.method.nunique() > 1:
        names = names + " (" + table.method + ")"
    if sanity.startswith(MARK):
        names = names.where(table.method != judged, names + f" [{sanity}]")
    return names
