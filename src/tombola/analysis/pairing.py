"""Which replicates of two runs are pairs: the same images, split, seed and initial weights; and why others are not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tombola.analysis.wording import count, listing
from tombola.errors import TombolaError
from tombola.store import Run

Kind = Literal["paired", "unpaired", "apart"]


@dataclass(frozen=True)
class Pairing:
    """How two runs may be compared.

    Attributes
    ----------
    kind
        ``paired``: replicate by replicate. ``unpaired``: as independent samples. ``apart``: not at all, because they
        were tested on different images.
    replicates
        The replicates that are pairs; empty unless ``paired``.
    sentence
        Which pairs are used, and why others are not.
    """

    kind: Kind
    replicates: tuple[int, ...]
    sentence: str


def pairing(first: Run, other: Run) -> Pairing:
    """Return how the replicates of two runs may be compared.

    Replicate r of one is a pair with replicate r of the other if both start from the same weights and see the same
    training images: same image set, same split, same seed, same network and initialisation. Where both kept their dense
    level's initial weights, those are compared bit by bit, so that a claim in a spec is not taken on trust.
    """
    apart = _other_images(first, other)
    if apart:
        return Pairing("apart", (), f"Not compared: {apart}.")
    reasons = _no_pairs(first, other)
    if reasons:
        return Pairing("unpaired", (), f"Compared as independent samples, because {listing(reasons)}.")
    both = range(min(first.spec.replicates, other.spec.replicates))
    strangers = [r for r in both if _same_start(first, other, r) is False]
    pairs = tuple(r for r in both if r not in strangers)
    if not pairs:
        return Pairing("unpaired", (), "Compared as independent samples, because their initial weights differ.")
    text = f"Paired by replicate ({_numbers(pairs)}): same seed, split, network and initial weights."
    if strangers:
        text += f" {_numbers(strangers).capitalize()} left out: initial weights differ."
    more = abs(first.spec.replicates - other.spec.replicates)
    if more:
        larger = "first" if first.spec.replicates > other.spec.replicates else "other"
        text += f" {count(more, 'further replicate')} of the {larger} run {'has' if more == 1 else 'have'} no partner."
    return Pairing("paired", pairs, text)


def _other_images(first: Run, other: Run) -> str:
    """Say why the two were not tested on the same images; empty where they were."""
    a, b = first.spec.data, other.spec.data
    if a.name != b.name:
        return f"the image sets differ ({a.name} and {b.name})"
    if a.size != b.size:
        return f"the image sizes differ (data.size = {a.size} and {b.size})"
    mine, theirs = _data(first), _data(other)
    same_split = _agree(mine, theirs, "split_digest")
    if same_split and _agree(mine, theirs, "digest") is False:
        return f"the images of {a.name} differ (digest {mine['digest'][:12]} and {theirs['digest'][:12]})"
    if _agree(mine, theirs, "test") is False:
        return f"they were tested on {mine['test']:,} and {theirs['test']:,} images"
    return ""


def _no_pairs(first: Run, other: Run) -> list[str]:
    """Return why no replicate of the two can be a pair."""
    reasons = []
    if first.spec.seed != other.spec.seed:
        reasons.append(f"the seeds differ ({first.spec.seed} and {other.spec.seed})")
    elif not _same_split(first, other):
        reasons.append("the training images were split differently")
    a, b = first.spec.network.model_dump(), other.spec.network.model_dump()
    differ = [f"network.{name}" for name in a if a[name] != b[name] and name not in ("family", "prunable")]
    if differ:
        reasons.append(f"{listing(differ)} {'differs' if len(differ) == 1 else 'differ'}")
    return reasons


def _same_split(first: Run, other: Run) -> bool:
    known = _agree(_data(first), _data(other), "split_digest")
    if known is not None:
        return known
    a, b = first.spec.data, other.spec.data
    return (a.validation, a.train) == (b.validation, b.train)


def _same_start(first: Run, other: Run, replicate: int) -> bool | None:
    """Return whether a replicate's initial weights are the same bits in both; None where that cannot be seen."""
    states = []
    for run in (first, other):
        try:
            states.append(run.ticket(replicate, 0).initial)
        except (TombolaError, FileNotFoundError):
            return None
    a, b = states
    return a.keys() == b.keys() and all(a[k].shape == b[k].shape and a[k].equal(b[k]) for k in a)


def _data(run: Run) -> Mapping[str, Any]:
    found = run.environment.get("data")
    return found if isinstance(found, Mapping) else {}


def _agree(a: Mapping[str, Any], b: Mapping[str, Any], name: str) -> bool | None:
    """Return whether a recorded fact agrees; None where one side did not record it."""
    return None if a.get(name) is None or b.get(name) is None else bool(a[name] == b[name])


def _numbers(replicates: tuple[int, ...] | list[int]) -> str:
    return f"{'replicate' if len(replicates) == 1 else 'replicates'} {listing([str(r) for r in replicates])}"
