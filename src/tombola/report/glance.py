"""The top of the report: the verdict's key numbers, and all levels on one line."""

from collections.abc import Callable
from dataclasses import dataclass

from tombola.analysis import Interval, Standing, Verdict
from tombola.analysis.wording import NARROW, percent, points, signed, span
from tombola.store import Run

BADGES = {"yes": "Yes", "likely": "Likely", "open": "Open", "no": "No"}


@dataclass(frozen=True)
class Tile:
    """One key number."""

    name: str
    value: str
    small: str


@dataclass(frozen=True)
class Step:
    """One level in the row of levels: how it stands against dense, and whether it is above its control."""

    density: str
    mark: str
    text: str
    above: bool
    judged: bool


@dataclass(frozen=True)
class Glance:
    """What a reader sees first."""

    badge: str
    tiles: tuple[Tile, ...]
    steps: tuple[Step, ...]


def glance(run: Run, found: Verdict) -> Glance:
    """Return the key numbers of a verdict and the row of its levels."""
    tiles = tuple(_tiles(run, found, found.standing)) if found.standing else ()
    compared = any(s.minus_dense.n for s in found.levels)
    steps = tuple(_step(s, found) for s in found.levels) if compared else ()
    return Glance(BADGES[found.kind], tiles, steps)


def _tiles(run: Run, found: Verdict, standing: Standing) -> list[Tile]:
    level = f"level {standing.level} of {run.spec.prune.levels}"
    times = f"{1 / standing.density:.1f}\N{MULTIPLICATION SIGN} fewer weights, " if standing.density > 0 else ""
    tiles = [Tile("Density", percent(standing.density), f"{times}{level}")]
    if standing.minus_dense.n:
        tiles.append(_points_tile("Ticket minus dense", standing.minus_dense))
    if standing.minus_control.n:
        tiles.append(_points_tile(f"Ticket minus {found.control}", standing.minus_control))
    if standing.steps_minus_dense.n:
        steps = standing.steps_minus_dense
        text = f"{signed(steps.mean, 0)} steps"
        tiles.append(Tile("Early stop against dense", text, _span(steps, lambda x: signed(x, 0))))
    return tiles


def _points_tile(name: str, interval: Interval) -> Tile:
    return Tile(name, f"{points(interval.mean)} points", _span(interval, points))


def _span(interval: Interval, write: Callable[[float], str]) -> str:
    return f"95{NARROW}% {span(interval, write)}" if interval.known and not interval.equal else span(interval, write)


def _step(standing: Standing, found: Verdict) -> Step:
    if standing.minus_dense.n == 0:
        mark, text = "none", "no result"
    elif standing.surely_keeps_up:
        mark, text = "sure", "surely keeps up with dense"
    elif standing.keeps_up:
        mark, text = "mean", "keeps up with dense on average"
    elif standing.surely_worse:
        mark, text = "worse", "surely worse than dense"
    else:
        mark, text = "below", "below dense on average"
    above = standing.surely_above_control
    text = f"level {standing.level}: {text}" + (f", above its {found.control} control" if above else "")
    judged = found.standing is not None and found.standing.level == standing.level
    return Step(percent(standing.density), mark, text, above, judged)
