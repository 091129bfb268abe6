"""Ramps: how many weights remain after every round of scoring on the way to a level."""

from collections.abc import Sequence

from tombola.pruning.request import kept_at
from tombola.pruning.rounding import require
from tombola.pruning.schedule import LevelPlan
from tombola.pruning.sharing import shared_out
from tombola.specs import PruneSpec

RAMPS = ("exponential", "linear")


def ramp_density(density: float, done: int, rounds: int, ramp: str) -> float:
    """Return the density after some of all rounds (sparse-analysis reference, section 3.1).

    Exponential: density^(done / rounds), equal shares of what remains. Linear: 1 - (1 - density) done / rounds, equal
    numbers of weights.

    Raises
    ------
    TombolaError
        If there is no such ramp.

    Examples
    --------
    >>> ramp_density(0.25, 1, 2, "exponential"), ramp_density(0.25, 1, 2, "linear")
    (0.5, 0.625)
    """
    require("ramp", ramp, RAMPS)
    if done == rounds:
        return density
    return float(density ** (done / rounds)) if ramp == "exponential" else 1 - (1 - density) * done / rounds


def round_totals(size: int, spec: PruneSpec, plan: LevelPlan) -> list[list[int]]:
    """Return the survivors after every round of every shot, the last of them exactly what the level keeps.

    Shot s of S goes to density^(s / S), by a ramp that begins at dense anew. Rounds that keep no less than those before
    them have nothing to do (``prune_in_rounds`` leaves them out).

    Parameters
    ----------
    size
        All weights.
    spec
        Rounds, ramp, shots, rounding; densities, if the level is one of these.
    plan
        What the level keeps.
    """
    density = spec.densities[plan.level - 1] if spec.densities else plan.total / size
    shots = []
    for shot in range(1, spec.shots + 1):
        target = ramp_density(density, shot, spec.shots, "exponential")
        densities = [ramp_density(target, done, spec.rounds, spec.ramp) for done in range(1, spec.rounds + 1)]
        shots.append([max(plan.total, kept_at(size, each, spec.rounding)) for each in densities])
    shots[-1][-1] = plan.total
    return shots


def between(survivors: dict[str, int], final: dict[str, int], total: int) -> dict[str, int]:
    """Return counts per layer on the way to the final ones, every layer as far on its way as the others.

    Parameters
    ----------
    survivors, final
        What layers have, and what they end with.
    total
        Of the counts; between the sums of both.
    """
    to_go = [survivors[name] - final[name] for name in survivors]
    left = total - sum(final.values())

    def curve(scale: float) -> Sequence[float]:
        return [scale * number for number in to_go]

    more = shared_out(curve, to_go, [0] * len(to_go), left)
    return {name: final[name] + extra for name, extra in zip(survivors, more, strict=True)}
