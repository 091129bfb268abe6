"""Weights & Biases: one of its runs per job, grouped by run folder. Mode, account and address are its own settings."""

import os
from importlib import import_module
from typing import Any

import pandas as pd

from tombola.experiments.sinks.base import SinkKind, TrackedJob, sinks
from tombola.store import Run

PROJECT = "tombola"


class WeightsAndBiases:
    """Sends finished jobs to Weights & Biases; ``WANDB_MODE=offline`` keeps them in ``<run>/tracking/wandb``.

    The project is ``tombola`` unless ``WANDB_PROJECT`` says otherwise. What the experiment is and what was measured is
    sent; source code, git state, installed packages and facts about the machine are not.
    """

    def __init__(self, run: Run) -> None:
        self._wandb = import_module("wandb")
        mode = self._wandb.setup().settings.mode
        # asked without an account, it would wait for somebody to type one
        if mode not in ("offline", "disabled") and not self._wandb.login(prompt=False):
            raise RuntimeError("nobody is logged in; `wandb login`, or set WANDB_MODE=offline")
        self._group = run.path.resolve().name
        self._folder = run.path.resolve() / "tracking"
        self._folder.mkdir(exist_ok=True)
        self._spec = run.spec.resolved()
        self._spec["data"].pop("root", None)

    def job(self, job: TrackedJob) -> None:
        """Send a job's records by step, its density, and its early stop as its summary."""
        with self._begin(job.name, job.settings | {"density": job.info.density}) as going:
            for step, measures in job.points():
                going.log(measures, step=step)
            going.summary.update({f"early_stop/{name}": value for name, value in job.summary.items()})

    def close(self, table: pd.DataFrame) -> None:
        """Send the early-stop table, and the tickets' densities by level."""
        with self._begin("summary", {}) as going:
            going.log({"early_stop_table": self._wandb.Table(dataframe=table)}, step=0)

    def _begin(self, name: str, settings: dict[str, Any]) -> Any:
        return self._wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            group=self._group,
            job_type=str(settings.get("control", "summary")),
            name=name,
            dir=str(self._folder),
            config=settings | {"spec": self._spec},
            reinit="create_new",
            save_code=False,
            settings=self._wandb.Settings(
                host="",
                silent=True,
                console="off",
                disable_git=True,
                disable_code=True,
                x_disable_stats=True,
                x_disable_meta=True,
                x_disable_machine_info=True,
                x_save_requirements=False,
            ),
        )


sinks.register("wandb")(SinkKind(WeightsAndBiases, "wandb"))
