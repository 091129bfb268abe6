"""The table of ``tombola show --results``: the accuracy ladder, means over replicates with their number."""

import pandas as pd
from rich.table import Table

from tombola.analysis.wording import DASH
from tombola.store.folder import TICKET

SHOWN = {
    "true_rate": ("rate", "{:.4g}"),
    "density": ("density", "{:.2%}"),
    "whole_model_compression": ("whole model", "{:.4f}"),
    "before_test_top1": ("before", "{:.2%}"),
    "test_top1": ("top-1", "{:.2%}"),
    "test_top5": ("top-5", "{:.2%}"),
    "test_calibration_error": ("ECE", "{:.3f}"),
    "best_epoch": ("best", "{:.1f}"),
    "steps": ("steps", "{:.0f}"),
}
"""Column -> heading and format."""


def results_table(rows: pd.DataFrame) -> Table:
    """Return means over replicates (repetitions averaged first), a line per level and control."""
    scopes = ", ".join(rows["scope"].dropna().unique())
    title = f"test accuracy before and after training, means over n replicates; rate and density of scope: {scopes}"
    shown = Table(title=title, title_justify="left")
    for heading in ("level", "network", "n", *(heading for heading, _ in SHOWN.values())):
        shown.add_column(heading, justify="left" if heading == "network" else "right", no_wrap=True)
    done = rows[rows["status"] == "done"]
    done = done.assign(own=done["control"] != TICKET).sort_values(["level", "own", "control"])
    for (level, control), group in done.groupby(["level", "control"], sort=False):
        means = group.groupby("replicate")[list(SHOWN)].mean()
        cells = [_cell(means[name].mean(), form) for name, (_, form) in SHOWN.items()]
        shown.add_row(str(level), "ticket" if control == TICKET else str(control), str(len(means)), *cells)
    return shown


def _cell(value: object, form: str) -> str:
    return DASH if pd.isna(value) else form.format(value)  # type: ignore[call-overload]
