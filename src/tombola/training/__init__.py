"""Training: networks learn one data set with their masks held exactly, are measured, and keep their best state."""

from tombola.training.dense import DenseEngine
from tombola.training.engine import Engine, FitResult, OnRecord, Progress, Task, engines
from tombola.training.evaluate import Evaluation, Evaluator
from tombola.training.fit import fit, fit_tasks
from tombola.training.sparse.engine import SparseEngine
from tombola.training.stacked import StackedEngine

__all__ = [
    "DenseEngine",
    "Engine",
    "Evaluation",
    "Evaluator",
    "FitResult",
    "OnRecord",
    "Progress",
    "SparseEngine",
    "StackedEngine",
    "Task",
    "engines",
    "fit",
    "fit_tasks",
]
