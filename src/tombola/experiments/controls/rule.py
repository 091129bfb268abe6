"""The registry of controls, and what an entry says beside its function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tombola.experiments.controls.context import ControlContext
from tombola.experiments.trial import Trial
from tombola.registry import Registry
from tombola.specs import ExperimentSpec
from tombola.store import JobId

Control = Callable[[ControlContext], Trial]
Needs = Callable[[JobId], tuple[JobId, ...]]
Refusal = Callable[[ExperimentSpec, int], str | None]


def nothing(job: JobId) -> tuple[JobId, ...]:
    """Need no ticket beside the original and its dense level."""
    return ()


def always(spec: ExperimentSpec, repetitions: int) -> str | None:
    """Run in every experiment."""
    return None


@dataclass(frozen=True)
class ControlRule:
    """A control as the registry keeps it.

    Attributes
    ----------
    trial
        Context -> what to train.
    needs
        The control's job -> tickets it uses beside its original and the replicate's dense level. They are complete
        before it starts, arrive as `ControlContext.needed`, and count in its key.
    refuses
        Experiment, repetitions -> why the control cannot run in it, else None. Asked before any compute.
    resumes
        Whether training starts at the step the ticket starts at (step k with ``prune.rewind: step:K``), not at 0.
    dense
        Whether it trains the whole network whatever the level: such a job takes the engine of level 0.
    chains
        Whether it starts from the trained state of the same control one level up (the dense level's at level 1).
    """

    trial: Control
    needs: Needs = nothing
    refuses: Refusal = always
    resumes: bool = False
    dense: bool = False
    chains: bool = False

    def __call__(self, context: ControlContext) -> Trial:
        """Return what to train."""
        return self.trial(context)

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.trial.__doc__ or "").strip().partition("\n")[0]


F = TypeVar("F", bound=Control)


class Controls(Registry[ControlRule]):
    """Controls by name. A plain function is registered by its name alone; what it needs more is said beside it.

    Examples
    --------
    >>> from tombola.experiments.controls import controls
    >>> @controls.register("negated", resumes=True)  # doctest: +SKIP
    ... def negated(context):
    ...     return context.again({name: -value for name, value in context.ticket.initial.items()})
    """

    def register(
        self,
        name: str,
        *,
        needs: Needs = nothing,
        refuses: Refusal = always,
        resumes: bool = False,
        dense: bool = False,
        chains: bool = False,
    ) -> Callable[[F], F]:
        """Return a decorator that files a control under `name` (`ControlRule` says what the rest means)."""
        keep = super().register(name)

        def file(trial: F) -> F:
            keep(ControlRule(trial, needs, refuses, resumes, dense, chains))
            return trial

        return file


controls = Controls("control")
