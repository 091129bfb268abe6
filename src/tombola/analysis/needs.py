"""The power note: how many replicates would show a difference that matters, from the spread that was seen."""

from collections.abc import Sequence

import numpy as np

from tombola.analysis.contrasts import Contrast
from tombola.analysis.power import EFFECT, MOST, POWER, Need, need
from tombola.analysis.wording import NARROW, count, percent


def typical_need(contrasts: Sequence[Contrast], effect: float = EFFECT) -> Need:
    """Return how many replicates would show a difference, from the root mean square of the levels' spreads.

    Its range takes the degrees of freedom of one level: levels of one replicate are no independent samples.
    """
    known = [each.difference for each in contrasts if each.difference.paired and each.difference.spread > 0]
    if not known:
        return Need(effect, float("nan"), None)
    spread = float(np.sqrt(np.mean([each.spread**2 for each in known])))
    return need(spread, max(each.interval.n for each in known), effect)


def power_note(contrasts: Sequence[Contrast], what: str = "ticket minus dense", effect: float = EFFECT) -> str:
    """Return, in words, how many replicates would show a difference of `effect`.

    Parameters
    ----------
    contrasts
        Paired differences of accuracies, one per level (and control).
    what
        What they are differences of.
    effect
        The true difference to be shown, as a fraction (0.002 = 0.2 points).
    """
    size = f"{100 * effect:.3g} points"
    found = typical_need(contrasts, effect)
    if np.isnan(found.spread):
        return (
            f"How many replicates would show a difference of {size} cannot be said: "
            "it takes the spread of at least two paired differences that are not equal."
        )
    known = [each for each in contrasts if each.difference.paired and each.difference.spread > 0]
    n = max(each.difference.interval.n for each in known)
    text = (
        f"To show a difference of {size} with {100 * POWER:.0f}{NARROW}% probability takes {_replicates(found)} "
        f"(two-sided paired t test) at the typical spread of {what}, a standard deviation of "
        f"{100 * found.spread:.2f} points. With n = {n} that spread is known roughly: {_range(found)}."
    )
    worst = max(known, key=lambda each: each.difference.spread)
    most = need(worst.difference.spread, worst.difference.interval.n, effect)
    if most.replicates != found.replicates:
        text += (
            f" At the level with the widest spread ({percent(worst.density)} density, {100 * most.spread:.2f} points) "
            f"it takes {_replicates(most)}."
        )
    return text


def _replicates(found: Need) -> str:
    return f"more than {MOST:,} replicates" if found.replicates is None else count(found.replicates, "replicate")


def _range(found: Need) -> str:
    if found.low is None:
        return f"all that is consistent with it exceeds {MOST:,} replicates"
    high = f"{found.high:,}" if found.high is not None else f"more than {MOST:,}"
    return f"anything from {found.low:,} to {high} is consistent with it"
