"""Experiments: procedures and controls, the graph of jobs they make, and what runs it."""

from tombola.experiments.controls import ControlContext, ControlRule, controls
from tombola.experiments.graph import Job, job_graph
from tombola.experiments.outcome import Outcome
from tombola.experiments.preview import Preview, preview
from tombola.experiments.procedures import LevelContext, Procedure, procedures
from tombola.experiments.runner import run
from tombola.experiments.trial import Trial

__all__ = [
    "ControlContext",
    "ControlRule",
    "Job",
    "LevelContext",
    "Outcome",
    "Preview",
    "Procedure",
    "Trial",
    "controls",
    "job_graph",
    "preview",
    "procedures",
    "run",
]
