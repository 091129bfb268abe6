"""From an old configuration to plain data of a spec."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from tombola.errors import TombolaError, nearest
from tombola.interop.old_specs import gem_miner, synflow
from tombola.interop.old_specs.common import dataset
from tombola.interop.old_specs.draft import Draft, Rule, Values
from tombola.specs import ExperimentSpec

EXPERIMENT = "experiment"
SHARED = set(ExperimentSpec.model_fields) | {"base", "description", "schema"}
"""Keys of our own files: a file that has them, besides name and seed, is one of ours."""


@dataclass(frozen=True)
class Family:
    """One program's configurations.

    Attributes
    ----------
    name
        What their ``experiment`` says.
    title
        What the program is called.
    rules
        Key -> rule.
    base
        What holds without being said.
    network
        The key of the network.
    finish
        Settles what depends on several keys.
    """

    name: str
    title: str
    rules: Mapping[str, Rule]
    base: Mapping[str, Any]
    network: str
    finish: Callable[[Draft, Values], None]


FAMILIES = (
    Family("synflow", "Synaptic-Flow", synflow.SYNFLOW, synflow.BASE, "model", synflow.finish),
    Family("gem_miner", "Gem-Miner", gem_miner.GEM_MINER, gem_miner.BASE, "arch", gem_miner.finish),
)


def known_keys(family: str) -> list[str]:
    """Return the keys of a family (``synflow`` or ``gem_miner``)."""
    return sorted(next(f.rules for f in FAMILIES if f.name == family))


def is_old(values: Mapping[str, Any]) -> bool:
    """Return whether plain data are a configuration of Synaptic-Flow or Gem-Miner, and not one of ours.

    They say so themselves by ``experiment``, or have keys of theirs and none of the parts of a spec of ours.
    """
    if isinstance(values.get(EXPERIMENT), str):
        return True
    ours = any(key in SHARED and key not in ("name", "seed") for key in values)
    return not ours and sum(any(key in f.rules for f in FAMILIES) for key in values if key not in SHARED) >= 2


def family_of(values: Mapping[str, Any]) -> Family:
    """Return whose configuration plain data are: by ``experiment``, else by the keys that only one of them has.

    Raises
    ------
    TombolaError
        If neither tells.
    """
    said = values.get(EXPERIMENT)
    for family in FAMILIES:
        if said is not None and str(said).strip().lower().replace("-", "_") == family.name:
            return family
    if said is not None:
        raise TombolaError(f"{EXPERIMENT} = {said!r} is not known{nearest(str(said), [f.name for f in FAMILIES])}")
    counts = {f.name: sum(key in f.rules for key in values) for f in FAMILIES}
    first, second = sorted(FAMILIES, key=lambda f: counts[f.name], reverse=True)[:2]
    if counts[first.name] == counts[second.name]:
        raise TombolaError(
            f"this configuration may be one of {first.title} or of {second.title}; say {EXPERIMENT}: "
            f"{first.name} or {second.name} in it"
        )
    return first


def convert(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return an old configuration as plain data of a spec, and what a reader must know of the conversion.

    Parameters
    ----------
    values
        What the YAML file holds. A key without a value counts as not given.

    Raises
    ------
    TombolaError
        For a key that is not known, and for one that asks for what there is not; one sentence that names it.

    Examples
    --------
    >>> spec, notes = convert({"model": "fc", "dataset": "mnist", "compression_list": [1], "lmbda": 0})
    >>> spec["prune"]["densities"], notes[0]
    (['10^-1'], 'lmbda was ignored upstream, and is ignored here.')
    """
    family = family_of(values)
    given = {str(key): value for key, value in values.items() if value is not None}
    for key in given:
        if key not in family.rules:
            raise TombolaError(f"unknown key '{key}' in a configuration of {family.title}{_suggestion(key, family)}")
    draft = Draft(deepcopy(dict(family.base)))
    if family.network not in given:
        raise TombolaError(f"{family.network} is missing in a configuration of {family.title}: it names the network")
    for key in (key for key in family.rules if key in given):
        family.rules[key](key, given[key], draft, given)
    if "dataset" not in given:
        _images_of_network(draft)
    family.finish(draft, given)
    return draft.spec, draft.notes


def _images_of_network(draft: Draft) -> None:
    """Take the images that a network was published with, where none are named (reference, section 2)."""
    name = "mnist" if draft.spec["network"]["architecture"].startswith("fc") else "cifar10"
    dataset("dataset", name, draft, {})
    draft.note(f"dataset is not given; {name} is taken, as published with this network.")


def _suggestion(key: str, family: Family) -> str:
    """Return the nearest known key, or whose key it is."""
    for other in FAMILIES:
        if key in other.rules:
            return f"; it is one of {other.title}"
    close = nearest(key, family.rules)
    return close if close.startswith(" (did") else f"; known are {', '.join(sorted(family.rules))}"
