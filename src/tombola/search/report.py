"""What a search came to, in numbers, and the alarm where they do not fit."""

from typing import Any

from tombola.pruning import Mask
from tombola.search.task import SearchTask

TOLERANCE = 0.01
"""Relative difference of an effective density from what was asked for that is no cause for alarm; published networks
labelled 5 to 50 % were 2.9 % dense (sparse_analysis, section 1)."""


def outcome(task: SearchTask, mask: Mask, before: Mask, flagged: Mask, steps: int, seconds: float) -> dict[str, Any]:
    """Return cost and outcome as plain data.

    Parameters
    ----------
    task
        What was asked for.
    mask, before, flagged
        The mask handed over, the one in force before the final rounding, and the candidates.
    steps, seconds
        What it took.
    """
    found = {
        "seconds": round(seconds, 3),
        "steps": steps,
        "target_density": task.target,
        "effective_density": before.density,
        "nominal_density": flagged.density,
        "rounded_density": mask.density,
    }
    alarm = _alarm(task.target, before.density, mask.density)
    return found | ({"alarm": alarm} if alarm else {})


def _alarm(target: float, before: float, after: float) -> str | None:
    if abs(after - target) > TOLERANCE * target:
        return (
            f"the mask keeps {after:.4%} of the weights and {target:.4%} were asked for; "
            "search.rounding = exact keeps as many as asked for, and search.balance searches for so many"
        )
    if abs(before - target) > TOLERANCE * target:
        return (
            f"the search ended with {before:.4%} of the weights in force and {target:.4%} were asked for; the final "
            "rounding made up the difference with weights that the search had switched otherwise"
        )
    return None
