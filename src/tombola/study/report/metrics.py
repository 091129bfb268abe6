"""Explanation metrics beside what people said: joined by image, with a rank correlation and its interval.

Reference: explainability 13.3.
"""

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import scipy  # scipy.stats takes a second to load, which happens where it is first used
from jaxtyping import Float

from tombola.errors import TombolaError
from tombola.study.answers import read_texts
from tombola.study.design.folder import Study
from tombola.study.report.explained import PLACE, of_explain
from tombola.study.report.facts import sources_of
from tombola.study.report.human import spearman

NEEDED: Final = ("image", "condition", "metric", "value")
CORRELATIONS: Final = ("task", "what", "metric", "images", "rho", "low", "high")
DRAWS, SEED = 2_000, 0


def read_metrics(path: Path, study: Study | None = None) -> pd.DataFrame:
    """Return an explanation metric table: ``image, condition, metric, value``.

    Parameters
    ----------
    path
        CSV with these columns, others are ignored; several values of one image, condition and metric (of replicates,
        say) are averaged. A row without an image is of a condition as a whole.
    study
        Its images may also be named by where they come from, as its key names them, and the file may be the
        ``values.csv`` that ``tombola explain`` wrote (`tombola.study.report.explained.of_explain`).

    Raises
    ------
    TombolaError
        If a column is missing, an image is neither a number nor a known name, or a value is no number.
    """
    table = read_texts(path)
    lacking = [name for name in NEEDED if name not in table.columns]
    if lacking:
        raise TombolaError(f"{path} is no table of explanation metrics: it lacks column '{lacking[0]}'")
    if study is not None and set(PLACE) <= set(table.columns):
        table = of_explain(table, path, study)
    table, sources = table[list(NEEDED)], sources_of(study)
    image = pd.to_numeric(table.image.map(lambda name: sources.get(name, name), na_action="ignore"), errors="coerce")
    value = pd.to_numeric(table.value, errors="coerce")
    for name, found in (("image", image), ("value", value)):
        wrong = table[name].notna() & found.isna()
        if wrong.any():
            raise TombolaError(
                f"{path}: {name} = '{table[name][wrong].iloc[0]}' of row {int(wrong.to_numpy().argmax()) + 1} is "
                + ("no number" if name == "value" else "neither a number nor an image of the study")
            )
    table = table.assign(image=image.astype("Int64"), value=value).dropna(subset=list(NEEDED[1:]))
    if table.empty:
        raise TombolaError(f"{path} holds no value")
    means = table.groupby(["image", "condition", "metric"], sort=False, dropna=False)["value"].mean().reset_index()
    return means.assign(value=means["value"].astype("float64"))


def joined(human: pd.DataFrame, metrics: pd.DataFrame) -> pd.DataFrame:
    """Return metric and human score of every image: ``task, what, metric, image, metric_value, score``.

    Of a pair "A v B" the metric is its value for A minus that for B, as the score is.
    """
    wide = metrics.dropna(subset=["image"]).pivot(index=["image", "metric"], columns="condition", values="value")
    parts = []
    for (task, what), mine in human.groupby(["task", "what"], sort=False):
        first, versus, second = str(what).partition(" v ")
        names = (first, second) if task == "pairwise" and versus else (str(what),)
        if not set(names) <= set(wide.columns):
            continue
        values = wide[names[0]] - wide[names[1]] if len(names) == 2 else wide[names[0]]
        both = mine.merge(values.dropna().rename("metric_value").reset_index(), on="image")
        parts.append(both[["task", "what", "metric", "image", "metric_value", "score"]])
    empty = pd.DataFrame(columns=["task", "what", "metric", "image", "metric_value", "score"])
    return pd.concat(parts, ignore_index=True) if parts else empty


def by_condition(metrics: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return the mean of every metric over images, by condition: metric -> condition -> mean."""
    means = metrics.groupby(["metric", "condition"], sort=False)["value"].mean().reset_index()
    found: dict[str, dict[str, float]] = {}
    for metric, condition, value in means.itertuples(index=False, name=None):
        found.setdefault(str(metric), {})[str(condition)] = float(value)
    return found


def correlations(points: pd.DataFrame) -> pd.DataFrame:
    """Return Spearman's rank correlation over images, with a percentile interval over resampled images.

    Columns are `CORRELATIONS`; the seed is fixed.
    """
    rows = []
    for (task, what, metric), mine in points.groupby(["task", "what", "metric"], sort=False):
        x, y = mine.metric_value.to_numpy(np.float64), mine.score.to_numpy(np.float64)
        rho, low, high = spearman(x, y), np.nan, np.nan
        if np.isfinite(rho):
            picks = np.random.default_rng(SEED).integers(0, len(x), (DRAWS, len(x)))
            low, high = np.nanquantile(_spearmans(x[picks], y[picks]), [0.025, 0.975])
        rows.append((task, what, metric, len(x), rho, float(low), float(high)))
    return pd.DataFrame(rows, columns=list(CORRELATIONS))


def _spearmans(x: Float[np.ndarray, "draw image"], y: Float[np.ndarray, "draw image"]) -> Float[np.ndarray, " draw"]:
    """Return the rank correlation of each row; NaN where one side does not vary."""
    ranks = [scipy.stats.rankdata(each, axis=1) for each in (x, y)]
    centred = [each - each.mean(1, keepdims=True) for each in ranks]
    norms = np.sqrt((centred[0] ** 2).sum(1) * (centred[1] ** 2).sum(1))
    products = (centred[0] * centred[1]).sum(1)
    found: Float[np.ndarray, " draw"] = np.divide(products, norms, out=np.full(len(norms), np.nan), where=norms > 0)
    return found
