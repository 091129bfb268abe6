"""What an experiment is: frozen models, presets, and the keys that name runs. Knows no torch."""

from tombola.specs.converge import ConvergeSpec
from tombola.specs.experiment import ExperimentSpec
from tombola.specs.length import Length
from tombola.specs.parts import DataSpec, EngineSpec, NetworkSpec, ScheduleSpec, StoreSpec, TrainSpec
from tombola.specs.prune import PruneSpec
from tombola.specs.resolve import preset_names, resolve

__all__ = [
    "ConvergeSpec",
    "DataSpec",
    "EngineSpec",
    "ExperimentSpec",
    "Length",
    "NetworkSpec",
    "PruneSpec",
    "ScheduleSpec",
    "StoreSpec",
    "TrainSpec",
    "preset_names",
    "resolve",
]
