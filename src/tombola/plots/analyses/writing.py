"""An analysis on disk: tables as CSV, figures as SVG and PNG, and one JSON that says what they are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

from tombola.analysis.material import NetworkView
from tombola.plots.analyses.registry import Analysis, Result
from tombola.plots.saving import encode_figure
from tombola.plots.style import PAPER
from tombola.store.files import write_bytes, write_json, write_text
from tombola.telling import Tell, silent, walked

ABOUT = "analysis.json"


def write_analysis(
    name: str,
    analysis: Analysis,
    result: Result,
    views: Sequence[NetworkView],
    options: Mapping[str, Any],
    folder: Path,
    tell: Tell = silent,
) -> list[Path]:
    """Write what an analysis came to and return its files, ``analysis.json`` last.

    Parameters
    ----------
    name, analysis
        The registry entry.
    result
        What it computed.
    views, options
        Of which networks, and how.
    folder
        Where to; made where it is missing.
    tell
        Hears how many figures are drawn.

    Raises
    ------
    TombolaError
        If a file cannot be written.
    """
    files = []
    for table, frame in result.tables.items():
        files.append(folder / f"{table}.csv")
        write_text(files[-1], frame.to_csv(index=False, lineterminator="\n"))
    drawn = []
    for figure, draw in walked([*analysis.figures.items()], "figures", tell):
        with matplotlib.rc_context(PAPER):
            made = draw(result)
        if made is None:
            continue
        drawn.append(figure)
        for form in ("svg", "png"):
            files.append(folder / f"{figure}.{form}")
            write_bytes(files[-1], encode_figure(made, form))
            made.set_layout_engine("none")  # laid out once, for all formats
    files.append(folder / ABOUT)
    write_json(
        files[-1],
        {
            "analysis": name,
            "about": analysis.summary,
            "networks": [
                {"label": view.label, "condition": view.condition, "stage": view.stage, "density": view.mask.density}
                for view in views
            ],
            "options": dict(options),
            "notes": list(result.notes),
            "tables": list(result.tables),
            "summary": result.summary or next(iter(result.tables), None),
            "figures": drawn,
        },
    )
    return files
