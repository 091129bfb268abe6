"""Explanations that were made of a run (`tombola explain`), as a section of its report."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tombola.analysis.wording import DASH, count
from tombola.explain.metrics import metrics
from tombola.explain.sheets import warning
from tombola.explain.tables import MARK
from tombola.explain.writing import ABOUT, FOLDER, SHEET
from tombola.store import Run

FIGURE = "metrics.svg"
LEVELS = "levels.csv"
INTERVALS = "Intervals are 95 %, over replicates and images."


@dataclass(frozen=True)
class Shown:
    """Explanations by one method as the page shows them; pictures are in base64.

    Attributes
    ----------
    method, about
        Its name, and what was explained, in words.
    failed, warning
        Whether it failed a sanity check, and what is to be read before anything else.
    findings
        Of the checks, a sentence each.
    sheet, figure
        Contact sheet (PNG) and metrics against density (SVG); empty where there is none.
    columns, rows
        Metrics down, conditions along: mean with interval, and how many values it rests on.
    """

    method: str
    about: str
    failed: bool
    warning: str
    findings: list[str]
    sheet: str
    figure: str
    columns: list[str]
    rows: list[list[str]]


def explanations(run: Run) -> list[Shown]:
    """Return the explanations that lie in a run's folder; what is damaged or half written is left out."""
    found = []
    for file in sorted((run.path / FOLDER).glob(f"*/{ABOUT}")):
        try:
            found.append(_shown(file))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def _shown(file: Path) -> Shown:
    content = json.loads(file.read_text())
    method = str(content["method"])
    table = pd.read_csv(file.parent / LEVELS, keep_default_na=False, na_values={"mean": "", "low": "", "high": ""})
    columns, rows = metric_rows(table, method)
    layer = f" of layer {content['layer']}" if content["layer"] else ""
    images = count(len(content["images"]), f"{content['part']} image")
    networks = count(len(content["networks"]), "network")
    return Shown(
        method=method,
        about=f"Maps{layer} for {images} and {networks}; class explained: {content['target']}. {INTERVALS}",
        failed=str(content["sanity"]).startswith(MARK),
        warning=warning(str(content["sanity"])),
        findings=[str(sentence) for sentence in content["findings"]] or ["No sanity check was made."],
        sheet=_base64(file.parent / SHEET),
        figure=_base64(file.parent / FIGURE) if content["figures"] else "",
        columns=columns,
        rows=rows,
    )


def metric_rows(table: pd.DataFrame, method: str) -> tuple[list[str], list[list[str]]]:
    """Return the table of one method with metrics down and conditions along; metrics without any value are left out."""
    own = table[table.method == method]
    conditions = list(dict.fromkeys(own.condition))
    rows = []
    for name in dict.fromkeys(own.metric):
        cells = own[own.metric == name].set_index("condition")
        if np.isfinite(cells["mean"].astype(float)).any():
            better = metrics[name].better if name in metrics else ""
            rows.append([name, better, *(_cell(cells.loc[condition]) for condition in conditions)])
    densities = [float(own[own.condition == condition].density.iloc[0]) for condition in conditions]
    heads = [f"{name}, {100 * density:.3g} %" for name, density in zip(conditions, densities, strict=True)]
    return ["metric", "better", *heads], rows


def _cell(row: "pd.Series[float]") -> str:
    mean, low, high = (float(row[name]) for name in ("mean", "low", "high"))
    if not np.isfinite(mean):
        return DASH
    return f"{mean:.3g}" if not np.isfinite(low) else f"{mean:.3g} ({low:.3g} to {high:.3g})"


def _base64(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
