"""Gradual pruning: prune, fine-tune until converged, prune on from there."""

from tombola.experiments.procedures.context import LevelContext
from tombola.experiments.procedures.found import refuse_fields_of_at_init
from tombola.experiments.procedures.iterative import iterative_trial
from tombola.experiments.procedures.rule import Procedure, procedures
from tombola.experiments.trial import Trial
from tombola.specs import ExperimentSpec
from tombola.specs.prune import GRADUAL


def gradual_trial(context: LevelContext) -> Trial:
    """Prune what the level above ended with, and train on from there (explainability reference, section 4.1).

    Nothing is rewound: survivors, biases and normalisation keep the values of the level above, those its convergence
    rule restored where it has one. The optimiser is new and the schedule runs whole, for at most ``prune.finetune``.
    With ``prune.rates`` a level keeps what its rate leaves of all weights, whatever the rates before it.
    """
    return iterative_trial(context)


def refuses(spec: ExperimentSpec) -> str | None:
    """Return what does not go with levels that go on from each other."""
    prune = spec.prune
    if prune.rewinds:
        return f"every level goes on from the one above, and prune.rewind is '{prune.rewind}'; leave it out"
    if prune.holds_values:
        return f"pruned weights are zero, and prune.pruned is '{prune.pruned}'; leave it out"
    return refuse_fields_of_at_init(spec)


def told(spec: ExperimentSpec) -> str:
    """Return half a sentence on how masks are found."""
    prune, stop = spec.prune, spec.train.converge.rule
    until = f"until converged ({stop}), at most" if spec.train.converge.active else "for"
    return (
        f"{GRADUAL}: prune by {prune.score}, {prune.allocation}, fine-tune {until} "
        f"{prune.finetune or spec.train.length}, and on from there"
    )


procedures.register(GRADUAL)(
    Procedure(
        parent=lambda level: level - 1 if level else None,
        trial=gradual_trial,
        told=told,
        refuses=refuses,
        rows=True,
    )
)
