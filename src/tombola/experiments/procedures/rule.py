"""The registry of procedures."""

from collections.abc import Callable
from dataclasses import dataclass

from tombola.experiments.procedures.context import LevelContext
from tombola.experiments.trial import Trial
from tombola.registry import Registry


@dataclass(frozen=True)
class Procedure:
    """A rule that leads from level to level.

    Attributes
    ----------
    parent
        Level -> the level it is made from, or None where it needs no trained network.
    trial
        Context -> the ticket to train.
    """

    parent: Callable[[int], int | None]
    trial: Callable[[LevelContext], Trial]


procedures: Registry[Procedure] = Registry("procedure")
