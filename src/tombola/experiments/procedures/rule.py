"""The registry of procedures."""

from collections.abc import Callable
from dataclasses import dataclass

from tombola.experiments.procedures.context import LevelContext
from tombola.experiments.trial import Trial
from tombola.registry import Registry
from tombola.specs import ExperimentSpec


@dataclass(frozen=True)
class Procedure:
    """A rule that leads from level to level.

    Attributes
    ----------
    parent
        Level -> the level it is made from, or None where it needs no trained network.
    trial
        Context -> the ticket to train.
    nested
        Whether each level's mask lies within that of the level before.
    within
        Whether every level's mask lies within that of the dense level: that of the file, where ``network.weights`` is a
        pruned one.
    by_layer
        Whether layers keep as many weights as the allocation plans; without it the total alone is planned.
    moves
        Whether masks move while tickets are trained.
    told
        Experiment -> half a sentence on how its masks are found; None where scores, allocation and rates say it.
    steps
        (Experiment, batches of one epoch, classes) -> what finding a level's mask takes, in training steps of the dense
        network: for estimates.
    refuses
        Experiment -> why the procedure cannot run it, else None. Asked before any compute.
    settled
        Experiment -> the same with what follows from things outside of it (another run) written out.
    given
        (Experiment, replicate, level) -> key of what a level takes from outside of the run, None where that is nothing:
        part of the job's key, and that of the first level of the run's.
    rows
        Whether every job writes a result row: what it reached before and after training, in full.
    """

    parent: Callable[[int], int | None]
    trial: Callable[[LevelContext], Trial]
    nested: bool = True
    within: bool = True
    by_layer: bool = True
    moves: bool = False
    told: Callable[[ExperimentSpec], str] | None = None
    steps: Callable[[ExperimentSpec, int, int], float] = lambda spec, per_epoch, classes: 0.0
    refuses: Callable[[ExperimentSpec], str | None] = lambda spec: None
    settled: Callable[[ExperimentSpec], ExperimentSpec] = lambda spec: spec
    given: Callable[[ExperimentSpec, int, int], str | None] = lambda spec, replicate, level: None
    rows: bool = False


procedures: Registry[Procedure] = Registry("procedure")
