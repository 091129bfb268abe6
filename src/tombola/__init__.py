"""Tombola finds, trains and explains sparse neural networks.

The verbs of the package, imported when first used::

    import tombola

    spec = tombola.resolve("lenet-digits")
    outcome = tombola.run(spec, out="runs")
    run = tombola.open_run(outcome.path)
    run.early_stop_table()
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tombola.lazy import importer

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tombola.data import load_data
    from tombola.errors import TombolaError
    from tombola.experiments import run
    from tombola.experiments.controls import controls
    from tombola.experiments.procedures import procedures
    from tombola.pruning import Mask, Ticket, allocations, path_mask, prune, scores
    from tombola.specs import ExperimentSpec, resolve
    from tombola.store import Run, open_run
    from tombola.training import fit
    from tombola.training.evaluate import evaluate

_HOMES = {
    "inspect_run": "tombola.analysis",
    "inspect_ticket": "tombola.analysis",
    "structure_table": "tombola.analysis",
    "load_data": "tombola.data",
    "TombolaError": "tombola.errors",
    "controls": "tombola.experiments",
    "procedures": "tombola.experiments",
    "run": "tombola.experiments",
    "Mask": "tombola.pruning",
    "Ticket": "tombola.pruning",
    "allocations": "tombola.pruning",
    "path_mask": "tombola.pruning",
    "prune": "tombola.pruning",
    "scores": "tombola.pruning",
    "ExperimentSpec": "tombola.specs",
    "resolve": "tombola.specs",
    "Run": "tombola.store",
    "open_run": "tombola.store",
    "evaluate": "tombola.training.evaluate",
    "fit": "tombola.training",
}

_ROOMS = {
    "analysis",
    "data",
    "experiments",
    "interop",
    "networks",
    "plots",
    "pruning",
    "report",
    "specs",
    "store",
    "training",
}

__all__ = [
    "ExperimentSpec",
    "Mask",
    "Run",
    "Ticket",
    "TombolaError",
    "allocations",
    "controls",
    "evaluate",
    "fit",
    "inspect_run",
    "inspect_ticket",
    "load_data",
    "open_run",
    "path_mask",
    "procedures",
    "prune",
    "resolve",
    "run",
    "scores",
    "structure_table",
]

_verb = importer(__name__, _HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name from its room when it is first used, so that importing the package costs nothing."""
    if name in _ROOMS:
        return import_module(f"tombola.{name}")
    value = globals()[name] = _verb(name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
