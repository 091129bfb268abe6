"""Which pair sets are compared and which hypotheses tested: from the conditions there are, or from a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tombola.analysis.signs.hypotheses import Hypothesis, pairwise_hypotheses, ticket_hypotheses
from tombola.analysis.signs.pair_sets import PairSet, all_pair_sets, declared_pair_sets, published_pair_sets
from tombola.errors import TombolaError, nearest

KEYS = ("smaller", "larger", "among", "by_interval", "claim")


@dataclass(frozen=True)
class Design:
    """What is compared.

    Attributes
    ----------
    sets
        Pair sets, for tables and pictures.
    hypotheses
        What is tested.
    """

    sets: tuple[PairSet, ...]
    hypotheses: tuple[Hypothesis, ...]


def design_of(conditions: Sequence[str], random: str = "", tickets: Sequence[str] = ()) -> Design:
    """Return the design for conditions.

    With a condition of random networks: H1 to H4 of reference signs 5, where every other condition (or those named)
    holds tickets of one kind. Without: for each two conditions, whether networks of the same are more alike.

    Raises
    ------
    TombolaError
        If a condition is named that does not exist.
    """
    for named in (*([random] if random else []), *tickets):
        if named not in conditions:
            raise TombolaError(f"there is no condition '{named}'{nearest(named, conditions)}")
    if not random:
        return Design(tuple(all_pair_sets(conditions)), tuple(pairwise_hypotheses(conditions)))
    kinds = tuple(tickets) or tuple(condition for condition in conditions if condition != random)
    if random in kinds or not kinds:
        raise TombolaError(f"'{random}' cannot be both the random networks and the tickets; name another condition")
    return Design(tuple(published_pair_sets(kinds, random)), tuple(ticket_hypotheses(kinds, random)))


def read_design(path: Path, conditions: Sequence[str]) -> Design:
    """Return the design that a YAML file declares.

    ``collectives`` maps names to pairs of conditions, ``hypotheses`` maps names to ``smaller`` and ``larger`` (pair
    sets: a condition, ``a_b`` for two, or a collective), optionally ``among`` (conditions that are exchangeable if it
    is false, by default all it touches), ``by_interval`` and ``claim``.

    Raises
    ------
    TombolaError
        If it cannot be read, or names what there is not.
    """
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise TombolaError(f"{path} cannot be read as a design: {error}") from None
    if not isinstance(content, Mapping) or set(content) - {"collectives", "hypotheses"}:
        raise TombolaError(f"{path} is no design; it may hold 'collectives' and 'hypotheses'")
    sets = declared_pair_sets(conditions, content.get("collectives") or {})
    declared = content.get("hypotheses") or {}
    hypotheses = tuple(_hypothesis(path, str(name), given, sets, conditions) for name, given in declared.items())
    return Design(tuple(sets.values()), hypotheses)


def _hypothesis(
    path: Path, name: str, given: Any, sets: Mapping[str, PairSet], conditions: Sequence[str]
) -> Hypothesis:
    if not isinstance(given, Mapping) or not {"smaller", "larger"} <= set(given):
        raise TombolaError(f"{path}: hypothesis '{name}' must say which pair set is 'smaller' and which 'larger'")
    for key in given:
        if key not in KEYS:
            raise TombolaError(f"{path}: hypothesis '{name}' has an unknown key '{key}'{nearest(str(key), KEYS)}")
    for key in ("smaller", "larger"):
        if given[key] not in sets:
            raise TombolaError(f"{path}: hypothesis '{name}': no pair set '{given[key]}'{nearest(given[key], sets)}")
    smaller, larger = sets[given["smaller"]], sets[given["larger"]]
    among = tuple(given.get("among") or dict.fromkeys((*smaller.conditions, *larger.conditions)))
    for condition in among:
        if condition not in conditions:
            raise TombolaError(
                f"{path}: hypothesis '{name}': no condition '{condition}'{nearest(condition, conditions)}"
            )
    claim = str(given.get("claim") or f"{smaller.name} is more alike than {larger.name}")
    return Hypothesis(name, claim, smaller, larger, among, bool(given.get("by_interval", False)))
