"""What procedures that score weights say beside the ticket: costs, and layers that went empty."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tombola.experiments.procedures.context import LevelContext
from tombola.experiments.trial import Trial
from tombola.pruning import Mask, collapsed_layers
from tombola.specs import ExperimentSpec, PruneSpec

AT_INIT = ("rounds", "ramp", "shots", "pretrain", "shuffle", "reinitialise", "rescale")
"""Fields of pruning that only the procedure at-init reads."""


def reported(trial: Trial, context: LevelContext) -> Trial:
    """Return the trial with what its scores cost, where they computed with the network, and what became empty."""
    tally = context.tally
    found = tally.report(score=context.spec.prune.score) if tally.networks else {}
    return replace(trial, found={**trial.found, **found, **collapse(trial.ticket.mask)})


def collapse(mask: Mask) -> dict[str, Any]:
    """Return the names of empty layers, for ``job.json``; nothing where there are none."""
    empty = collapsed_layers(mask)
    return {"collapsed": list(empty)} if empty else {}


def mask_warning(found: Mapping[str, Any]) -> str | None:
    """Return a sentence about what is wrong with a mask that was found, or None.

    Examples
    --------
    >>> mask_warning({"collapsed": ["conv.0.weight"]})
    'nothing is left of conv.0.weight: no signal passes through it (prune.floor keeps some weights in every layer)'
    """
    warnings = [str(found["alarm"])] if found.get("alarm") else []
    if empty := found.get("collapsed"):
        which = "it" if len(empty) == 1 else "them"
        warnings.append(
            f"nothing is left of {', '.join(empty)}: no signal passes through {which} "
            "(prune.floor keeps some weights in every layer)"
        )
    return "; ".join(warnings) or None


def refuse_fields_of_at_init(spec: ExperimentSpec) -> str | None:
    """Return which field means nothing to procedures that score trained networks."""
    for name in AT_INIT:
        value, default = getattr(spec.prune, name), PruneSpec.model_fields[name].default
        if value != default:
            return f"it scores trained networks once, and prune.{name} = '{value}' is for at-init; leave it out"
    return None
