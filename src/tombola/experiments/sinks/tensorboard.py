"""TensorBoard: event files in the run folder, a curve per job, and early stops by level."""

import math
import shutil
from importlib import import_module
from typing import Any

import pandas as pd

from tombola.experiments.sinks.base import SUMMARY, SinkKind, TrackedJob, sinks
from tombola.store import Run
from tombola.store.folder import TICKET

FOLDER, SUMMARY_FOLDER = "tensorboard", "summary"
JOB = ("control", "repetition", "replicate", "level")


class TensorBoard:
    """Writes ``<run>/tracking/tensorboard``; look at it with ``tensorboard --logdir``."""

    def __init__(self, run: Run) -> None:
        self._folder = run.path / "tracking" / FOLDER
        # imported here: it takes a second, and is an extra
        self._writer = import_module("torch.utils.tensorboard").SummaryWriter

    def job(self, job: TrackedJob) -> None:
        """Write curves by step, and the settings of the job with its early stop as hyper-parameters."""
        with self._open(job.name) as writer:
            for step, measures in job.points():
                for name, value in measures.items():
                    writer.add_scalar(f"records/{name}", value, step)
            metrics = {f"early_stop/{name}": value for name, value in job.summary.items()}
            writer.add_hparams(job.settings, metrics, run_name=".")

    def close(self, table: pd.DataFrame) -> None:
        """Write the early-stop table as text, and its columns by level, in place of those of earlier calls."""
        shutil.rmtree(self._folder / SUMMARY_FOLDER, ignore_errors=True)
        with self._open(SUMMARY_FOLDER) as writer:
            writer.add_text("early stop", markdown(table[[*JOB, "status", "density", *SUMMARY]]))
        for (control, repetition, replicate), rows in table.groupby(["control", "repetition", "replicate"]):
            line = "ticket" if control == TICKET else f"{control}-{repetition}"
            with self._open(f"{SUMMARY_FOLDER}/replicate-{replicate}/{line}") as writer:
                for _, row in rows.sort_values("level").iterrows():
                    for name in ("density", *SUMMARY):
                        if math.isfinite(row[name]):
                            writer.add_scalar(f"levels/{name}", row[name], row["level"])

    def _open(self, name: str) -> Any:
        return self._writer(log_dir=str(self._folder / name))


def markdown(table: pd.DataFrame) -> str:
    """Return a table as markdown, which TensorBoard shows as one."""
    rows = [[f"{value:.5g}" if isinstance(value, float) else str(value) for value in row] for row in table.values]
    lines = [list(table.columns), ["---"] * len(table.columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


sinks.register("tensorboard")(SinkKind(TensorBoard, "tensorboard"))
